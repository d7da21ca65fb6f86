// Activity: filters apply when chosen, and what the server draws of the chart and writes of it in a table follows what is chosen.
import { ask, parse, replace } from "./activity-parts.js";
import { areChosen, chosenEarly } from "./chosen.js";

const form = document.querySelector("[data-activity-filters]");

form?.addEventListener("change", ({ target }) => !["checkbox", "date"].includes(target.type) && form.requestSubmit());
// Several boxes may be ticked before the menu closes.
form?.addEventListener("toggle", ({ target }) => !target.open && areChosen(target.querySelectorAll("input")).length && form.requestSubmit(), true);
// Choosing a time takes the place of chosen days.
form?.elements.range.addEventListener("change", () => (form.elements.from.value = form.elements.to.value = ""));
// An address without its empty parts can be read and shared.
form?.addEventListener("formdata", ({ formData }) => {
  const defaults = { range: ["24h", "dates"], metric: ["requests"] };
  for (const [name, value] of [...formData]) if (!value || defaults[name]?.includes(value)) formData.delete(name);
});

for (const each of chosenEarly(form?.elements ?? [])) {
  each.dispatchEvent(new Event("change", { bubbles: true }));
  if (!each.closest("details[open]")) form.requestSubmit();
}

// What is saved is what is shown: the chart may have been chosen after the page was made.
document.addEventListener("submit", ({ target }) => {
  if ("keepsQuery" in target.dataset && document.getElementById("activity-filters")) target.elements.query.value = location.search;
});

let turn = 0;
document.addEventListener("clod:chart", async () => {
  const mine = ++turn;
  const { status, text } = await ask({ part: "chart" });
  if (status === 200 && mine === turn) for (const part of parse(text).querySelectorAll("[data-live]")) replace(part);
});
