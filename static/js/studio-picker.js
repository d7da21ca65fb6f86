// Choosing a model for a pane: search, what is available here, what is free, and strategy tags.
import { clone, data } from "./studio-page.js";

const dialog = document.getElementById("model-picker");
const search = document.getElementById("picker-search");
const list = document.getElementById("picker-list");
const only = Object.fromEntries([...dialog.querySelectorAll("[data-only]")].map((chip) => [chip.dataset.only, chip]));
const tags = [...dialog.querySelectorAll("[data-tag]")];
const isPressed = (chip) => chip.getAttribute("aria-pressed") === "true";
const press = (chip, on) => chip.setAttribute("aria-pressed", on);
const ANY = { slug: "", name: "Any model", developer: "by a strategy, the cheapest unless you choose one below", free: false, available: true, context: "", input: "", output: "", words: "any model" };
let choices = [];
let allowed = [];
let current = {};
let areTagsChosen = false; // by the reader, in this dialog
let finish = () => {};

// Resolves to {slug, tags}, or null when the reader closes without choosing. ``models`` of the project; empty: all.
export function pick(model, models) {
  [current, allowed, areTagsChosen] = [model, models, false];
  search.value = "";
  press(only.available, true);
  press(only.free, false);
  choices = [ANY, ...data.models].map((model) => ({ model, row: row(model) }));
  list.replaceChildren(...choices.map(({ row }) => row));
  pressTags(current.tags);
  filter(current.slug); // before it opens: what is hidden then is never laid out
  dialog.showModal();
  list.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  search.focus();
  return new Promise((resolve) => (finish = resolve));
}

function row(model) {
  const element = clone("choice-template");
  const [name, developer, state] = ["b", ".faint", ".choice-state"].map((selector) => element.querySelector(selector));
  name.textContent = model.name;
  developer.textContent = model.developer;
  element.querySelector("[data-free]").hidden = !model.free;
  state.textContent = model.available ? (isAllowed(model) ? "" : "not in this project") : "not available here";
  state.title = model.missing ?? "";
  element.querySelector(".choice-context").textContent = model.context && `${model.context} context`;
  element.querySelector(".choice-price").textContent = model.input && `${model.input} / ${model.output}`;
  element.querySelector(".choice-price").title = "per million tokens in / out, now";
  element.id = `choice-${model.slug || "any"}`;
  element.setAttribute("aria-disabled", !isCallable(model));
  return element;
}

const isAllowed = ({ slug }) => !slug || !allowed.length || allowed.includes(slug);
const isCallable = (model) => model.available && isAllowed(model);
const pressTags = (wanted) => { for (const chip of tags) press(chip, wanted.includes(chip.dataset.tag)); };
const chosenTags = () => tags.filter(isPressed).map((chip) => chip.dataset.tag);

function filter(slug) {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const { model, row } of choices) {
    const text = (model.words ?? `${model.name} ${model.slug} ${model.developer} ${model.label}`).toLowerCase();
    row.hidden =
      (!model.slug && !chosenTags().length && !words.length) || !words.every((word) => text.includes(word)) ||
      (isPressed(only.available) && !isCallable(model)) || (isPressed(only.free) && !model.free);
  }
  const shown = choices.filter(({ row }) => !row.hidden);
  dialog.querySelector("[data-nothing]").hidden = shown.length > 0;
  select((shown.find(({ model }) => model.slug === slug) ?? shown[0])?.row);
}

// The strategy of the pane goes with its model; another one begins without.
function select(chosen) {
  for (const { model, row } of choices) {
    row.setAttribute("aria-selected", row === chosen);
    if (row === chosen && !areTagsChosen) pressTags(model.slug === current.slug ? current.tags : []);
  }
  chosen?.scrollIntoView({ block: "nearest" });
  if (chosen) search.setAttribute("aria-activedescendant", chosen.id);
  else search.removeAttribute("aria-activedescendant");
}

function take(row) {
  const choice = choices.find((each) => each.row === row);
  if (!choice || !isCallable(choice.model)) return;
  const isSame = choice.model.slug === current.slug;
  const wanted = areTagsChosen ? chosenTags() : isSame ? current.tags : [];
  finish({ slug: choice.model.slug, tags: choice.model.slug || wanted.length ? wanted : ["price"] });
  dialog.close();
}

search.addEventListener("input", () => filter());
search.addEventListener("keydown", (event) => {
  const shown = choices.filter(({ row }) => !row.hidden).map(({ row }) => row);
  const at = shown.findIndex((row) => row.getAttribute("aria-selected") === "true");
  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
  if (step) {
    event.preventDefault();
    select(shown[Math.abs(step) === 1 ? (at + step + shown.length) % shown.length : Math.min(Math.max(at + step, 0), shown.length - 1)]);
  } else if (event.key === "Enter") {
    event.preventDefault();
    take(shown[at]);
  }
});
list.addEventListener("click", (event) => take(event.target.closest(".choice")));
dialog.addEventListener("click", (event) => {
  const chip = event.target.closest(".chip");
  if (!chip) return;
  press(chip, !isPressed(chip));
  areTagsChosen ||= Boolean(chip.dataset.tag);
  filter(choices.find(({ row }) => row.getAttribute("aria-selected") === "true")?.model.slug);
});
dialog.addEventListener("close", () => finish(null));
