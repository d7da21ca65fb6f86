// The panes beside each other: adding, choosing, removing them, and who may be asked what.
import { imagesOf, textOf } from "./studio-turns.js";
import { check } from "./studio-editors.js";
import { allowImages, hasImages, keepImages, withImages } from "./studio-images.js";
import { controls, data, debounced, form, grow, mib, modelOf } from "./studio-page.js";
import { Pane } from "./studio-pane.js";
import { offer, parameters } from "./studio-parameters.js";
import { isLong, keepPasted, withPasted } from "./studio-pasted.js";
import { pick } from "./studio-picker.js";
import { quoteAll } from "./studio-quote.js";
import { bytesOf } from "./studio-stream.js";
import { drawTabs, reveal } from "./studio-tabs.js";
import { undoable } from "./studio-undo.js";

export const panes = [];
const MOST_PANES = 4;
const QUOTE_AFTER_MS = 500;
const place = document.getElementById("panes");
const separate = document.getElementById("separate");
const desk = { project: () => controls.project.value, system: () => controls.system.value.trim(), parameters, isSeparate, changed, edit, removeTurn };

// ended(pane, run) and denied(error, pane) are told by each pane.
export function begin(listeners) { Object.assign(desk, listeners); }

const allowed = () => data.projects.find(({ id }) => id === controls.project.value)?.models ?? [];
const isCallable = (slug) => Boolean(modelOf(slug)?.available) && (!allowed().length || allowed().includes(slug));

export function isSeparate() { return separate.getAttribute("aria-pressed") === "true"; }
export function setSeparate(on) { separate.setAttribute("aria-pressed", on); }
export const promptOf = (pane) => (isSeparate() ? pane.ownPrompt : controls.prompt);
export const draftOf = (pane) => withPasted(promptOf(pane).value.trim());
export const contentOf = (pane) => (pane.readsImages ? withImages(draftOf(pane)) : draftOf(pane));
export const canAsk = (pane) => data.may_call && !pane.busy && Boolean(pane.name) && Boolean(contentOf(pane));
export const readImages = () => !panes.length || panes.some((pane) => pane.readsImages);

// Why the API would not take so much at once; empty where it would.
export function excess(pane) {
  const bytes = bytesOf(pane.body(contentOf(pane)));
  return bytes > data.most_bytes ? `The request to ${pane.name} would have ${mib(bytes)} MiB, and the API takes ${mib(data.most_bytes)}. Shorten the prompt, remove what was said before, or begin a new conversation.` : "";
}

// One that is callable and not on the desk yet; what is available, and then free, comes first in the list of models.
function firstModel() {
  const taken = panes.map(({ model }) => model.slug);
  const callable = data.models.filter(({ slug }) => isCallable(slug)).sort((one, other) => other.free - one.free);
  return { slug: (callable.find(({ slug }) => !taken.includes(slug)) ?? callable[0])?.slug ?? "", tags: [] };
}

export function add(model = firstModel()) {
  const pane = new Pane(desk, model);
  panes.push(pane);
  place.append(pane.element);
  reveal(panes, pane);
  changed();
  return pane;
}

export function remove(pane) {
  pane.stop();
  panes.splice(panes.indexOf(pane), 1);
  pane.element.remove();
  changed();
}

export async function choose(pane) {
  const chosen = await pick(pane.model, allowed());
  if (chosen) pane.choose(chosen);
  changed();
}

// What was asked goes back to where it was written, to be asked in other words; all that came of it goes. One prompt for all panes was
// asked in all of them.
function edit(pane, turn) {
  const at = pane.conversation.exchanges.findIndex((exchange) => exchange.includes(turn));
  const text = textOf(turn.message);
  undoable("What came of this prompt is removed.", () => {
    for (const each of isSeparate() ? [pane] : panes) {
      const [asked] = each.conversation.exchanges[at] ?? [];
      if (asked && textOf(asked.message) === text) each.conversation.cutFrom(asked);
    }
    write(promptOf(pane), text);
    keepImages(imagesOf(turn.message), changed);
    promptOf(pane).focus();
  });
}

function removeTurn(pane, turn) {
  undoable("Removed from the conversation.", () => { pane.conversation.remove(turn); changed(); });
}

// Panes as they are, with what was said in them; put(…) makes them so again.
export const snapshot = () => ({ separate: isSeparate(), panes: panes.map((pane) => ({ pane, model: pane.model, turns: [...pane.conversation.turns], system: pane.ownSystem.value, prompt: pane.ownPrompt.value })) });

export function put(kept) {
  for (const { pane, model, turns, system, prompt } of kept.panes) {
    pane.choose(model);
    pane.conversation.put(turns);
    Object.assign(pane.ownSystem, { value: system });
    Object.assign(pane.ownPrompt, { value: prompt });
  }
  for (const pane of panes) if (!kept.panes.some((each) => each.pane === pane)) pane.stop();
  panes.splice(0, panes.length, ...kept.panes.map(({ pane }) => pane));
  place.replaceChildren(...panes.map(({ element }) => element));
  setSeparate(kept.separate);
  changed();
}

// Panes that have not begun go to a model of the project; a conversation keeps its own, and is told by the API.
export function moveToProject() {
  for (const pane of panes) if (pane.model.slug && !isCallable(pane.model.slug) && pane.isEmpty) pane.choose(firstModel());
  changed();
}

const quoteSoon = debounced(() => quoteAll(panes, controls.project.value, { contentOf: (pane) => canAsk(pane) && contentOf(pane), excess }), QUOTE_AFTER_MS);

export function changed() {
  const busy = panes.some((pane) => pane.busy);
  const models = panes.map(({ model }) => modelOf(model.slug));
  form.dataset.busy = busy;
  offer(models);
  check();
  allowImages(data.may_call && readImages());
  controls.send.disabled = busy || !panes.some(canAsk);
  controls.send.hidden = busy;
  controls.send.querySelector("span").textContent = isSeparate() ? "Send all" : "Send";
  controls.stop.hidden = !busy;
  controls.prompt.hidden = isSeparate();
  document.getElementById("add-pane").disabled = panes.length >= MOST_PANES;
  for (const element of document.querySelectorAll(".separate-only")) element.hidden = !isSeparate();
  for (const pane of panes) pane.draw(panes.length === 1, canAsk(pane), hasImages());
  drawTabs(panes);
  quoteSoon();
}

// Long text stands beside the prompt.
export function write(area, text) {
  area.value = isLong(text) ? "" : text;
  grow(area);
  keepPasted(isLong(text) ? [text] : []);
  changed();
}
