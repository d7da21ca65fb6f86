// Activity: filters apply when chosen, and the chart's table follows its chart.
import { ask, parse, replace } from "./activity-parts.js";

const form = document.querySelector("[data-activity-filters]");

form?.addEventListener("change", ({ target }) => {
  if (target.type === "checkbox") target.closest("details").dataset.changed = "";
  else if (target.type !== "date") form.requestSubmit();
});
// Several boxes may be ticked before the menu closes.
form?.addEventListener("toggle", ({ target }) => !target.open && "changed" in target.dataset && form.requestSubmit(), true);
// Choosing a time takes the place of chosen days.
form?.elements.range.addEventListener("change", () => (form.elements.from.value = form.elements.to.value = ""));
// An address without its empty parts can be read and shared.
form?.addEventListener("formdata", ({ formData }) => {
  const defaults = { range: ["24h", "dates"], metric: ["requests"] };
  for (const [name, value] of [...formData]) if (!value || defaults[name]?.includes(value)) formData.delete(name);
});

// What is saved is what is shown: the chart may have been chosen after the page was made.
document.addEventListener("submit", ({ target }) => {
  if ("keepsQuery" in target.dataset && document.getElementById("activity-filters")) target.elements.query.value = location.search;
});

document.addEventListener("clod:chart", async () => {
  const { status, text } = await ask({ part: "chart" });
  if (status === 200) replace(parse(text).getElementById("chart-table"));
});
