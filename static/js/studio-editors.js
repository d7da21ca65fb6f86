// The schema and tools editors: checked as they are written, filled with an example, tidied.
import { EXAMPLES, readSchema, readTools } from "./studio-json.js";
import { controls, form } from "./studio-page.js";

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

function write(name, value) {
  controls[name].value = JSON.stringify(value, null, 2);
  controls[name].dispatchEvent(new Event("input", { bubbles: true }));
}

form.addEventListener("click", ({ target }) => {
  const { exampleOf, tidy } = target.dataset;
  if (exampleOf) write(exampleOf, EXAMPLES[exampleOf]);
  if (tidy && controls[tidy].value.trim()) {
    try { write(tidy, JSON.parse(controls[tidy].value)); } catch { check(); }
  }
});
