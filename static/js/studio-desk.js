// The panes beside each other: adding, choosing, removing them, and who may be asked what.
import { check } from "./studio-editors.js";
import { allowImages, hasImages, withImages } from "./studio-images.js";
import { controls, data, debounced, form, grow, modelOf } from "./studio-page.js";
import { Pane } from "./studio-pane.js";
import { offer, parameters } from "./studio-parameters.js";
import { pick } from "./studio-picker.js";
import { quoteAll } from "./studio-quote.js";
import { drawTabs } from "./studio-tabs.js";

export const panes = [];
const MOST_PANES = 4;
const QUOTE_AFTER_MS = 500;
const place = document.getElementById("panes");
const separate = document.getElementById("separate");
const desk = { project: () => controls.project.value, system: () => controls.system.value.trim(), parameters, isSeparate, changed };

// ended(pane, run) and denied(error, pane) are told by each pane.
export function begin(listeners) { Object.assign(desk, listeners); }

const allowed = () => data.projects.find(({ id }) => id === controls.project.value)?.models ?? [];
const isCallable = (slug) => Boolean(modelOf(slug)?.available) && (!allowed().length || allowed().includes(slug));

export function isSeparate() { return separate.getAttribute("aria-pressed") === "true"; }
export function setSeparate(on) { separate.setAttribute("aria-pressed", on); }
export const promptOf = (pane) => (isSeparate() ? pane.ownPrompt : controls.prompt);
export const draftOf = (pane) => promptOf(pane).value.trim();
export const contentOf = (pane) => withImages(draftOf(pane));
export const canAsk = (pane) => data.may_call && !pane.busy && Boolean(pane.name) && Boolean(draftOf(pane) || hasImages());

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

// Panes that have not begun go to a model of the project; a conversation keeps its own, and is told by the API.
export function moveToProject() {
  for (const pane of panes) if (pane.model.slug && !isCallable(pane.model.slug) && pane.isEmpty) pane.choose(firstModel());
  changed();
}

const quoteSoon = debounced(() => quoteAll(panes, controls.project.value, (pane) => canAsk(pane) && contentOf(pane)), QUOTE_AFTER_MS);

export function changed() {
  const busy = panes.some((pane) => pane.busy);
  const models = panes.map(({ model }) => modelOf(model.slug));
  form.dataset.busy = busy;
  offer(models);
  check();
  allowImages(data.may_call && models.some((model) => !model || model.reads.includes("image")));
  controls.send.disabled = busy || !panes.some(canAsk);
  controls.send.hidden = busy;
  controls.send.querySelector("span").textContent = isSeparate() ? "Send all" : "Send";
  controls.stop.hidden = !busy;
  controls.prompt.hidden = isSeparate();
  document.getElementById("add-pane").disabled = panes.length >= MOST_PANES;
  for (const element of document.querySelectorAll(".separate-only")) element.hidden = !isSeparate();
  for (const pane of panes) pane.draw(panes.length === 1, canAsk(pane));
  drawTabs(panes);
  quoteSoon();
}

export function write(area, text) {
  area.value = text;
  grow(area);
  changed();
}
