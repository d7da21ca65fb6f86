// Studio: what its buttons and keys do. The page is an ordinary client of the API.
import { showCode } from "./studio-code.js";
import * as desk from "./studio-desk.js";
import { arrive } from "./studio-arrival.js";
import { textOf, imagesOf } from "./studio-turns.js";
import { check, reveal } from "./studio-editors.js";
import { offerHistory, remember } from "./studio-history.js";
import { dropImages, hasImages, keepImages, takeImages } from "./studio-images.js";
import { controls, fill, form, grow, say, toast } from "./studio-page.js";
import { takePasted } from "./studio-pasted.js";
import { offerPresets } from "./studio-presets.js";
import { keepDraft, modelIn, readSetup, writeFields } from "./studio-setup.js";
import { beUndone, undoable } from "./studio-undo.js";

const SIDE = "clod_studio_side";
const denied = document.getElementById("studio-denied");
const side = document.getElementById("toggle-side");
const { panes } = desk;
const on = (id, work) => document.getElementById(id).addEventListener("click", work);

const setup = () => readSetup(panes, desk.isSeparate());

// What a preset holds: what was asked last, where nothing new is being written.
function asked() {
  const now = setup();
  const last = panes.map(({ lastPrompt }) => lastPrompt);
  if (now.separate) return { ...now, panes: now.panes.map((pane, index) => ({ ...pane, prompt: pane.prompt || last[index] })) };
  return { ...now, prompt: now.prompt || (last.find(Boolean) ?? "") };
}

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

// What the API would not take goes to no pane, and stays where it was written.
function fits(asking) {
  const excess = asking.map(desk.excess).find(Boolean);
  if (excess) toast(excess, "bad");
  return !excess;
}

function send(asking) {
  if (!asking.length || !ready() || !fits(asking)) return;
  const run = asking.map((pane) => ({ pane, content: desk.contentOf(pane) }));
  for (const { pane } of run) desk.write(desk.promptOf(pane), "");
  if (hasImages()) dropImages(desk.changed);
  desk.promptOf(asking[0]).focus();
  for (const { pane, content } of run) pane.send(content);
}

const sendAll = () => controls.send.disabled || send(panes.filter(desk.canAsk));
const sendOwn = (pane) => send([pane].filter(desk.canAsk));

const stopAll = () => { for (const pane of panes) pane.stop(); };

function clearAll() {
  const clear = () => { for (const pane of panes) pane.clear(); desk.changed(); };
  if (panes.every(({ isEmpty }) => isEmpty)) clear();
  else undoable("A new conversation.", clear);
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
    denied.querySelector("a").hidden = !error.isLoggedOut;
    denied.hidden = false;
    const area = desk.promptOf(pane);
    if (!pane.returned || area.value) return;
    if (!hasImages()) keepImages(imagesOf(pane.returned), desk.changed);
    desk.write(area, textOf(pane.returned));
  },
  ended(pane, { answer, body, meter, stopped }) {
    const prompt = textOf(body.messages.findLast(({ role }) => role === "user") ?? { content: "" }) || "(image)";
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
form.addEventListener("submit", (event) => { event.preventDefault(); sendAll(); });
form.addEventListener("input", ({ target }) => { if (target === controls.prompt) grow(target); desk.changed(); });
form.addEventListener("keydown", (event) => {
  const own = panes.find(({ ownPrompt }) => ownPrompt === event.target);
  const isPrompt = own || event.target === controls.prompt;
  if (event.key !== "Enter" || event.isComposing || !(event.metaKey || event.ctrlKey || (isPrompt && !event.shiftKey))) return;
  event.preventDefault();
  own ? sendOwn(own) : sendAll();
});
controls.stop.addEventListener("click", (event) => event.detail < 2 && stopAll()); // not the second half of a double click on Send
controls.project.addEventListener("change", () => { denied.hidden = true; desk.moveToProject(); });
on("separate", () => { desk.setSeparate(!desk.isSeparate()); desk.changed(); desk.promptOf(panes[0]).focus(); });
on("add-pane", () => desk.choose(desk.add()));
on("get-code", () => showCode(panes, desk.contentOf));
on("new-chat", clearAll);
on("toggle-side", () => { showSide(side.getAttribute("aria-expanded") !== "true"); localStorage.setItem(SIDE, form.dataset.side); });
document.addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && !event.isComposing && !document.querySelector("dialog[open]") && stopAll());
document.addEventListener("clod:facts", desk.changed);

beUndone({ snapshot: () => ({ setup: setup(), desk: desk.snapshot() }), restore: (before) => { writeFields(before.setup); grow(controls.prompt); desk.put(before.desk); } });
takeImages(desk.changed, desk.readImages);
takePasted(desk.changed);
offerHistory(open);
offerPresets(asked);
showSide(localStorage.getItem(SIDE) !== "closed");

arrive(open);
keepDraft(setup);
