// Studio: the controls around the pane. The page is an ordinary client of the API.
import { Pane } from "./studio-pane.js";

const data = JSON.parse(document.getElementById("studio-data").textContent);
const form = document.getElementById("studio-form");
const controls = form.elements;
const csrf = controls.csrfmiddlewaretoken.value;

const pane = new Pane(document.getElementById("pane"), { address: form.dataset.address, csrf, sites: data.sites, settings, changed });

function settings() {
  const parameters = {};
  if (controls.temperature.value) parameters.temperature = Number(controls.temperature.value);
  if (controls.max_tokens.value) parameters.max_completion_tokens = Number(controls.max_tokens.value);
  return { project: controls.project.value, model: controls.model.value, name: chosen()?.name ?? "", system: controls.system.value.trim(), parameters };
}

// A project may be limited to some models; those it may not call, and those that are not available here, cannot be chosen.
function offer() {
  const allowed = data.projects.find(({ id }) => id === controls.project.value)?.models ?? [];
  for (const option of controls.model.options) {
    const model = data.models.find(({ slug }) => slug === option.value);
    option.disabled = !model?.available || (allowed.length > 0 && !allowed.includes(option.value));
  }
  if (controls.model.selectedOptions[0]?.disabled) controls.model.value = [...controls.model.options].find(({ disabled }) => !disabled)?.value ?? "";
  describe();
}

const chosen = () => data.models.find(({ slug }) => slug === controls.model.value);

function describe() {
  const model = chosen();
  document.getElementById("model-facts").textContent = model?.facts ?? "No model can be called with this project. Choose another project, or allow models under Projects.";
  if (model) controls.max_tokens.max = model.max_output;
  changed();
}

function changed() {
  form.dataset.busy = pane.busy;
  controls.send.disabled = pane.busy || !controls.prompt.value.trim() || !controls.model.value;
  controls.stop.hidden = !pane.busy;
  controls.send.hidden = pane.busy;
}

async function send() {
  const text = controls.prompt.value.trim();
  if (!text || controls.send.disabled || !form.reportValidity()) return;
  controls.prompt.value = "";
  grow();
  await pane.send(text);
  controls.prompt.focus();
}

function grow() {
  controls.prompt.style.height = "auto";
  controls.prompt.style.height = `${Math.min(controls.prompt.scrollHeight + 2, 240)}px`;
}

async function showCode() {
  const { model, system, parameters } = settings();
  const draft = controls.prompt.value.trim();
  const messages = [...pane.messages(system), ...(draft ? [{ role: "user", content: draft }] : [])];
  const dialog = document.getElementById("code-dialog");
  const body = JSON.stringify({ model, messages, ...parameters });
  const answer = await fetch("/studio/code", { method: "POST", headers: { "X-CSRFToken": csrf, "Content-Type": "application/json" }, body }).catch(() => null);
  if (!answer?.ok) return document.dispatchEvent(new CustomEvent("clod:toast", { detail: { text: "The code could not be written. Try again.", tone: "bad" } }));
  const place = dialog.querySelector("[data-code]");
  place.innerHTML = await answer.text();
  place.dispatchEvent(new Event("htmx:load", { bubbles: true }));
  dialog.showModal();
}

form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
controls.prompt.addEventListener("input", () => { grow(); changed(); });
controls.prompt.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
controls.stop.addEventListener("click", (event) => event.detail < 2 && pane.stop()); // not the second half of a double click on Send
controls.project.addEventListener("change", offer);
controls.model.addEventListener("change", describe);
document.getElementById("get-code").addEventListener("click", showCode);
document.getElementById("new-chat").addEventListener("click", () => { pane.clear(); document.querySelector("[data-first]").hidden = false; controls.prompt.focus(); });
for (const example of document.querySelectorAll("[data-example]")) example.addEventListener("click", () => { controls.prompt.value = example.textContent.trim(); grow(); changed(); controls.prompt.focus(); });
document.addEventListener("keydown", (event) => event.key === "Escape" && !document.querySelector("dialog[open]") && pane.stop());
offer();
