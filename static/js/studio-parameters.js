// The settings of a request, from the form to the fields of the API; what a model does not take is not sent to it, and the form says so.
import { readSchema, readTools } from "./studio-json.js";
import { controls, form } from "./studio-page.js";

const NUMBERS = { temperature: "temperature", max_tokens: "max_completion_tokens", top_p: "top_p", seed: "seed", n: "n" };
const needing = [...form.querySelectorAll("[data-needs]")];

// For one model; a strategy alone takes whatever some model takes.
export function parameters(model) {
  const fields = {};
  for (const [name, field] of Object.entries(NUMBERS)) if (controls[name].value && takes(model, controls[name])) fields[field] = Number(controls[name].value);
  const stops = controls.stops.value.split("\n").filter(Boolean);
  if (stops.length) fields.stop = stops;
  if (controls.reasoning_effort.value && takes(model, controls.reasoning_effort)) fields.reasoning_effort = controls.reasoning_effort.value;
  return { ...fields, ...format(model), ...tools(model) };
}

function format(model) {
  const option = controls.format.selectedOptions[0];
  if (!option.value || !takes(model, option)) return {};
  if (option.value === "json_object") return { response_format: { type: "json_object" } };
  const { value } = readSchema(controls.schema.value);
  return value ? { response_format: { type: "json_schema", json_schema: value } } : {};
}

function tools(model) {
  const { value } = readTools(controls.tools.value);
  if (!value?.length || !takes(model, controls.tools)) return {};
  return { tools: value, ...(controls.tool_choice.value && { tool_choice: controls.tool_choice.value }) };
}

const takes = (model, control) => !control.dataset.needs || !model || model.features.includes(control.dataset.needs);

// ``models`` of the panes, one that is not in the catalog as undefined.
export function offer(models) {
  for (const control of needing) {
    const without = models.filter((model) => !takes(model, control));
    control.disabled = models.length > 0 && without.length === models.length;
    const note = control.closest(".field").querySelector("[data-note]");
    if (note && control.matches("input, select, textarea")) note.textContent = told(without, control);
  }
  const option = controls.format.selectedOptions[0];
  controls.format.closest(".field").querySelector("[data-note]").textContent = told(models.filter((model) => !takes(model, option)), option);
  form.querySelector("[data-schema]").hidden = controls.format.value !== "json_schema";
  const most = Math.max(0, ...models.map((model) => model?.max_output ?? 0));
  if (most) controls.max_tokens.max = most;
  else controls.max_tokens.removeAttribute("max");
}

function told(without, control) {
  if (!without.length) return "";
  const names = [...new Set(without.map(({ name }) => name))].join(", ");
  return control.disabled ? `Not taken by ${names}.` : `Not sent to ${names}.`;
}
