// All that is set up on the page, without conversations and images: what presets, the history and the draft of this tab hold.
import { controls, debounced, form } from "./studio-page.js";

const DRAFT = "clod_studio_draft";
const FIELDS = ["system", "temperature", "max_tokens", "top_p", "seed", "n", "reasoning_effort", "stops", "format", "schema", "tools", "tool_choice"];

// {panes: [{model, system, prompt}], prompt, separate, fields}; model as the API takes it, "name@tag".
export function readSetup(panes, separate) {
  return {
    panes: panes.map((pane) => ({ model: pane.model.slug + pane.tags, system: pane.ownSystem.value, prompt: pane.ownPrompt.value })),
    prompt: controls.prompt.value,
    separate,
    fields: Object.fromEntries(FIELDS.map((name) => [name, controls[name].value])),
  };
}

export function writeFields({ fields = {}, prompt = "" }) {
  for (const name of FIELDS) if (name in fields) controls[name].value = fields[name];
  controls.prompt.value = prompt;
  for (const control of form.querySelectorAll("details :is(input, select, textarea)")) {
    if (control.value && control.value !== control.querySelector?.("option")?.value) control.closest("details").open = true;
  }
}

export function modelIn(text) {
  const [slug, ...tags] = text.split("@");
  return { slug, tags };
}

// A reload, or a log-in on the way, loses nothing that was written: it stays in this tab.
export function keepDraft(read) {
  const keep = () => sessionStorage.setItem(DRAFT, JSON.stringify(read()));
  form.addEventListener("input", debounced(keep, 400));
  addEventListener("pagehide", keep);
}

export function draft() {
  try { return JSON.parse(sessionStorage.getItem(DRAFT)); } catch { return null; }
}
