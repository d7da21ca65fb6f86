// "Prompt and answer" of a request: loads what was said, opens what is sealed with a key in use, and shows it.
// The section may come with the page or with a part of it, such as the drawer's, which is announced by htmx:load.
import { draw, held, recall } from "./body-keys.js";
import { load, read } from "./body-load.js";
import { turns } from "./body-show.js";
import { handOver } from "./body-studio.js";

const sections = new WeakMap(); // section: {loaded, document}

async function begin(section) {
  if (sections.has(section) || section.dataset.state === "none") return;
  sections.set(section, {});
  const chooser = section.querySelector("[data-key-chooser]");
  if (chooser) {
    draw(chooser);
    await recall(section.dataset.kids.split(" ").filter(Boolean));
  }
  await show(section);
}

async function show(section) {
  const state = sections.get(section);
  if (section.dataset.state === "sealed" && !held().length) return close(section);
  try {
    state.loaded ??= await load(section.dataset.body);
    state.document = await read(state.loaded);
    fill(section, state.document);
    tell(section, "");
  } catch (error) {
    close(section);
    tell(section, error.message);
  }
}

function fill(section, said) {
  const part = (selector) => section.querySelector(selector);
  part("[data-turns]").replaceChildren(...turns(said));
  part("[data-json] pre").textContent = JSON.stringify(said, null, 2);
  part("[data-body-open]").hidden = false;
  if (part("[data-key-form]")) part("[data-key-form]").hidden = true;
}

// Nothing of what was opened stays in the document.
function close(section) {
  delete sections.get(section).document;
  section.querySelector("[data-body-open]").hidden = true;
  section.querySelector("[data-turns]").replaceChildren();
  section.querySelector("[data-json] pre").textContent = "";
  if (section.querySelector("[data-key-form]")) section.querySelector("[data-key-form]").hidden = false;
  tell(section, "");
}

function tell(section, text) {
  const problem = section.querySelector("[data-body-problem]");
  problem.hidden = !text;
  problem.querySelector("span").textContent = text;
}

const all = (root) => root.querySelectorAll?.("[data-body]") ?? [];

document.addEventListener("htmx:load", ({ target }) => all(target).forEach(begin));
document.addEventListener("clod:keys", () => document.querySelectorAll("[data-body][data-state=sealed]").forEach((section) => sections.has(section) && show(section)));
document.addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-said-as]");
  if (chosen) as(chosen);
  const link = event.target.closest("a[data-to-studio]");
  const section = link?.closest(".request").querySelector("[data-body]");
  const said = sections.get(section)?.document;
  if (said && !event.metaKey && !event.ctrlKey && !event.shiftKey) handOver(said, section.dataset.state === "sealed");
});
all(document).forEach(begin);

function as(chosen) {
  const open = chosen.closest("[data-body-open]");
  for (const button of open.querySelectorAll("[data-said-as]")) button.setAttribute("aria-pressed", button === chosen);
  open.querySelector("[data-turns]").hidden = chosen.dataset.saidAs !== "turns";
  open.querySelector("[data-json]").hidden = chosen.dataset.saidAs !== "json";
}
