// The schema and tools editors: checked as they are written, filled with an example, tidied.
import { EXAMPLES, readSchema, readTools } from "./studio-json.js";
import { controls, form, toast } from "./studio-page.js";

const READERS = { schema: readSchema, tools: readTools };

// Whether both are fine; what is wrong is said beside the editor, and keeps the form from being sent.
export function check() {
  return Object.entries(READERS).map(([name, read]) => {
    const problem = isUsed(name) ? (read(controls[name].value).problem ?? "") : "";
    controls[name].setCustomValidity(problem);
    controls[name].setAttribute("aria-invalid", Boolean(problem));
    document.getElementById(`${name}-problem`).textContent = problem;
    return !problem;
  }).every(Boolean);
}

// Fields that are out of sight cannot show what is wrong with them.
export function reveal() {
  for (const field of form.querySelectorAll(":invalid")) field.closest("details")?.setAttribute("open", "");
}

const isUsed = (name) => !controls[name].disabled && (name !== "schema" || controls.format.value === "json_schema");

const tidy = (value) => JSON.stringify(value, null, 2);

function write(name, text) {
  controls[name].value = text;
  controls[name].dispatchEvent(new Event("input", { bubbles: true }));
}

form.addEventListener("click", ({ target }) => {
  const { exampleOf, tidy: name } = target.dataset;
  if (exampleOf) showExample(exampleOf);
  if (name && controls[name].value.trim()) {
    try { write(name, tidy(JSON.parse(controls[name].value))); } catch { check(); }
  }
});

function showExample(name) {
  const [before, example] = [controls[name].value, tidy(EXAMPLES[name])];
  write(name, example);
  if (before.trim() && before !== example) toast("The example is in place of what you wrote.", "info", () => write(name, before));
}
