// All that is set up on the page, without conversations and images: what presets, the history and the draft of this tab hold.
import { controls, data, debounced, form, opened } from "./studio-page.js";
import { isLong, keepPasted, withPasted } from "./studio-pasted.js";

const DRAFTS = "clod_studio_draft_"; // log-out.js removes what begins so
const MINE = `${DRAFTS}${data.reader}_`;
const DRAFT = `${MINE}${controls.drawn_for.value}`;
const FIELDS = ["system", "temperature", "max_tokens", "top_p", "seed", "n", "reasoning_effort", "stops", "format", "schema", "tools", "tool_choice"];

// {panes: [{model, system, prompt}], prompt, separate, fields}; model as the API takes it, "name@tag".
export function readSetup(panes, separate) {
  return {
    panes: panes.map((pane) => ({ model: pane.wanted, system: pane.ownSystem.value, prompt: pane.ownPrompt.value })),
    prompt: withPasted(controls.prompt.value),
    separate,
    fields: Object.fromEntries(FIELDS.map((name) => [name, controls[name].value])),
  };
}

export function writeFields({ fields = {}, prompt = "" }) {
  for (const name of FIELDS) if (name in fields) controls[name].value = fields[name];
  controls.prompt.value = isLong(prompt) ? "" : prompt;
  keepPasted(isLong(prompt) ? [prompt] : []);
  for (const control of form.querySelectorAll("details :is(input, select, textarea)")) {
    if (control.value && control.value !== control.querySelector?.("option")?.value) control.closest("details").open = true;
  }
}

export function modelIn(text) {
  const [slug, ...tags] = text.split("@");
  return { slug, tags };
}

// A reload, or a log-in on the way, loses nothing that was written: it stays in this tab, for this person in this organization. With the
// project, which is no part of a setup, and the address it was written at.
export function keepDraft(read) {
  let mayKeep = true;
  const keep = () => mayKeep && !opened.isSealed && store({ ...read(), project: controls.project.value, address: location.search });
  form.addEventListener("input", debounced(keep, 400));
  addEventListener("pagehide", keep);
  document.addEventListener("clod:log-out", () => (mayKeep = false));
}

// One that no longer fits is not kept.
function store(draft) {
  try { sessionStorage.setItem(DRAFT, JSON.stringify(draft)); } catch { sessionStorage.removeItem(DRAFT); }
}

// Whoever used this tab before has left theirs here, where a log-in ended by itself.
export function draft() {
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(DRAFTS) && !name.startsWith(MINE)) sessionStorage.removeItem(name);
  try { return JSON.parse(sessionStorage.getItem(DRAFT)); } catch { return null; }
}
