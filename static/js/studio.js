// Studio: what its buttons and keys do. The page is an ordinary client of the API.
import { takeOver } from "./body-studio.js";
import { showCode } from "./studio-code.js";
import { setupOf, turnsOf } from "./studio-conversation.js";
import * as desk from "./studio-desk.js";
import { check, reveal } from "./studio-editors.js";
import { offerHistory, remember } from "./studio-history.js";
import { dropImages, hasImages, takeImages } from "./studio-images.js";
import { controls, data, fill, form, grow, modelOf, say, toast } from "./studio-page.js";
import { offerPresets } from "./studio-presets.js";
import { draft, keepDraft, modelIn, readSetup, writeFields } from "./studio-setup.js";

const SIDE = "clod_studio_side";
const denied = document.getElementById("studio-denied");
const side = document.getElementById("toggle-side");
const { panes } = desk;
const on = (id, work) => document.getElementById(id).addEventListener("click", work);

const setup = () => readSetup(panes, desk.isSeparate());

function open(wanted) {
  for (const pane of [...panes]) desk.remove(pane);
  writeFields(wanted);
  desk.setSeparate(Boolean(wanted.separate));
  for (const { model, system = "", prompt = "" } of wanted.panes ?? []) {
    const pane = desk.add(modelIn(model));
    Object.assign(pane.ownSystem, { value: system });
    Object.assign(pane.ownPrompt, { value: prompt });
  }
  grow(controls.prompt);
  desk.changed();
}

function ready() {
  check();
  reveal();
  denied.hidden = true;
  return form.reportValidity();
}

function send(asked = panes.filter(desk.canAsk)) {
  if (!asked.length || controls.send.disabled || !ready()) return;
  const run = asked.map((pane) => ({ pane, content: desk.contentOf(pane) }));
  for (const { pane } of run) desk.write(desk.promptOf(pane), "");
  if (hasImages()) dropImages(desk.changed);
  desk.promptOf(asked[0]).focus();
  for (const { pane, content } of run) pane.send(content);
}

const sendOwn = (pane) => desk.canAsk(pane) && ready() && pane.send(takeOwn(pane));

function takeOwn(pane) {
  const content = desk.contentOf(pane);
  desk.write(pane.ownPrompt, "");
  if (hasImages()) dropImages(desk.changed);
  return content;
}

const stopAll = () => { for (const pane of panes) pane.stop(); };

function clearAll() {
  for (const pane of panes) pane.clear();
  desk.changed();
  say("A new conversation.");
  desk.promptOf(panes[0]).focus();
}

async function openDrawer(id) {
  const drawer = document.getElementById("request-drawer");
  const answer = await fetch(`/activity/${encodeURIComponent(id)}`, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return toast("The request could not be opened. Try again in a moment.", "bad");
  fill(drawer.querySelector("[data-drawer-body]"), await answer.text());
  for (const button of drawer.querySelectorAll("[data-step]")) button.remove(); // there is no list behind it here
  drawer.showModal();
}

function showSide(isOpen) {
  side.setAttribute("aria-expanded", isOpen);
  form.dataset.side = isOpen ? "open" : "closed";
}

desk.begin({
  denied(error, pane) {
    denied.querySelector("span").textContent = error.message;
    denied.hidden = false;
    const area = desk.promptOf(pane);
    if (pane.returned && !area.value) desk.write(area, pane.returned);
  },
  ended(pane, { answer, body, meter, stopped }) {
    const { content } = body.messages.findLast(({ role }) => role === "user") ?? { content: "" };
    const prompt = typeof content === "string" ? content : content.map(({ text = "(image)" }) => text).join("\n");
    const run = { ...setup(), panes: [{ model: body.model, system: pane.ownSystem.value, prompt }], prompt };
    remember({ model: pane.name, prompt, answer: answer.text, facts: meter.facts(stopped), request: meter.requestId, setup: run });
  },
});

document.getElementById("panes").addEventListener("click", ({ target }) => {
  const pane = panes.find(({ element }) => element.contains(target));
  if (target.closest("[data-pick]")) desk.choose(pane);
  if (target.closest("[data-own-send]")) sendOwn(pane);
  if (target.closest("[data-routing]")) openDrawer(target.closest("[data-routing]").dataset.request);
  if (target.closest("[data-example]")) { desk.write(desk.promptOf(pane), target.closest("[data-example]").textContent.trim()); desk.promptOf(pane).focus(); }
  if (target.closest("[data-remove]")) { desk.remove(pane); panes[0].part("[data-pick]").focus(); }
});
form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
form.addEventListener("input", ({ target }) => { if (target === controls.prompt) grow(target); desk.changed(); });
form.addEventListener("keydown", (event) => {
  const own = panes.find(({ ownPrompt }) => ownPrompt === event.target);
  const isPrompt = own || event.target === controls.prompt;
  if (event.key !== "Enter" || event.isComposing || !(event.metaKey || event.ctrlKey || (isPrompt && !event.shiftKey))) return;
  event.preventDefault();
  own ? sendOwn(own) : send();
});
controls.stop.addEventListener("click", (event) => event.detail < 2 && stopAll()); // not the second half of a double click on Send
controls.project.addEventListener("change", desk.moveToProject);
on("separate", () => { desk.setSeparate(!desk.isSeparate()); desk.changed(); desk.promptOf(panes[0]).focus(); });
on("add-pane", () => desk.choose(desk.add()));
on("get-code", () => showCode(panes, desk.contentOf));
on("new-chat", clearAll);
on("toggle-side", () => { showSide(side.getAttribute("aria-expanded") !== "true"); localStorage.setItem(SIDE, form.dataset.side); });
document.addEventListener("keydown", (event) => event.key === "Escape" && !document.querySelector("dialog[open]") && stopAll());

takeImages(desk.changed, () => panes.some(({ model }) => modelOf(model.slug)?.reads.includes("image") ?? true));
offerHistory(open);
offerPresets(setup);
showSide(localStorage.getItem(SIDE) !== "closed");

const { model, project } = data.wanted;
if (data.projects.some(({ id }) => id === project)) controls.project.value = project;
const handed = takeOver();
const kept = handed ? setupOf(handed) : (data.preset?.setup ?? draft());
if (kept?.panes?.length) open(kept);
const asked = modelIn(model);
if (model && (modelOf(asked.slug) || (!asked.slug && asked.tags.length))) panes.length ? panes[0].choose(asked) : desk.add(asked);
if (!panes.length) desk.add();
if (handed) panes[0].take(turnsOf(handed));
desk.moveToProject();
keepDraft(setup);
