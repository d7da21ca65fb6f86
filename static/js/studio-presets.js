// Presets: what is set up on the page, saved under a name on the site. The menu of them is drawn by the server.
import { controls, data, fill, post, toast } from "./studio-page.js";

const EXCERPT = 80; // characters
const menu = document.getElementById("presets");
const dialog = document.getElementById("preset-dialog");
const named = dialog.querySelector("form");
const shown = document.getElementById("preset-shown");

// read() is the page's setup, with what was sent last where nothing is being written; the preset it was opened with is in the page's data.
export function offerPresets(read) {
  draw();
  menu.addEventListener("click", ({ target }) => {
    if (target.closest("[data-save-as]")) ask(read());
    if (target.closest("[data-update]")) update(read());
  });
  named.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { name, shared } = named.elements;
    if (await create({ name: name.value, is_shared: shared.checked, setup: read() })) dialog.close();
  });
}

export function forgetPreset() {
  data.preset = null;
  history.replaceState(null, "", "/studio");
  draw();
}

function ask(setup) {
  menu.removeAttribute("open");
  named.reset();
  named.elements.name.value = data.preset ? `${data.preset.name} (copy)`.slice(0, 80) : "";
  dialog.querySelector("[data-problem]").textContent = "";
  dialog.querySelector("[data-saves]").textContent = `Saved ${withPrompt(setup)}.`;
  dialog.showModal();
  named.elements.name.select();
}

// What becomes of the prompt is told: the box is empty once it was sent.
function withPrompt({ prompt, panes, separate, fields }) {
  const written = separate ? panes.map((pane) => pane.prompt).filter(Boolean).join(" / ") : prompt;
  const told = written ? `with the prompt “${written.length > EXCERPT ? `${written.slice(0, EXCERPT)}…` : written}”` : "without a prompt";
  return fields.system.trim() ? `${told} and the system prompt` : told;
}

function update(setup) {
  const before = data.preset.setup;
  save({ setup }, `${data.preset.name} is updated, ${withPrompt(setup)}.`, () => save({ setup: before }, `${data.preset.name} is as it was.`));
}

async function create(body) {
  const told = await answered(await post("/studio/presets/save", JSON.stringify(drawn(body))));
  if (told.error) return (dialog.querySelector("[data-problem]").textContent = told.error.message), false;
  took(told, `${told.preset.name} is saved.`);
  history.replaceState(null, "", `/studio?preset=${told.preset.id}`);
  return true;
}

async function save(body, words, undo) {
  const told = await answered(await post(`/studio/presets/${data.preset.id}/save`, JSON.stringify(drawn(body))));
  menu.removeAttribute("open");
  if (told.error) return toast(told.error.message, "bad");
  took(told, words, undo);
}

// Which organization the page is of: its reader may have gone to another one in another tab.
const drawn = (body) => ({ ...body, drawn_for: controls.drawn_for.value });

function took({ preset, menu: html }, words, undo) {
  data.preset = preset;
  fill(menu.querySelector("[data-menu]"), html);
  draw();
  toast(words, "good", undo);
}

async function answered(answer) {
  const none = { error: { message: "The server did not answer. Check the connection and try again." } };
  if (!answer) return none;
  if (answer.redirected) return { error: { message: "You are logged out. Log in again in another tab, then save." } };
  return answer.json().catch(() => ({ error: { message: `The server refused (${answer.status}). Reload the page and try again.` } }));
}

function draw() {
  shown.hidden = !data.preset;
  if (data.preset) shown.querySelector("b").textContent = data.preset.name;
  const update = menu.querySelector("[data-update]");
  if (update) update.hidden = !data.preset?.is_mine;
}
