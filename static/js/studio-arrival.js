// What the page opens with: what its address asks for, or what was being written in this tab.
import { takeOver } from "./body-studio.js";
import { setupOf, turnsOf } from "./studio-conversation.js";
import * as desk from "./studio-desk.js";
import { controls, data, modelOf, opened, toast } from "./studio-page.js";
import { forgetPreset } from "./studio-presets.js";
import { draft, modelIn } from "./studio-setup.js";

const { model, project } = data.wanted;
const drafted = draft();
const [arrival] = performance.getEntriesByType("navigation");

// open(setup) puts a setup on the page.
export function arrive(open) {
  const handed = takeOver();
  opened.isSealed = Boolean(handed?.isSealed);
  const isBack = drafted?.address === location.search && arrival?.type !== "navigate";
  if (isBack && !handed) resume(open);
  else {
    chooseProject();
    if (handed) replace(open, setupOf(handed), "A request");
    else if (data.preset) replace(open, data.preset.setup, data.preset.name);
    else if (drafted?.panes?.length) open(drafted);
    chooseModel();
  }
  if (!desk.panes.length) desk.add();
  if (handed) desk.panes[0].take(turnsOf(handed));
  if (handed?.isSealed) toast("This conversation was sealed. Until you send something, nothing of it leaves this page, so its price is not asked for; and nothing on this page is kept as a draft or in your history.");
  desk.moveToProject();
}

// A reload, or the way back: what was changed since the address was opened is kept.
function resume(open) {
  goTo(drafted.project);
  open(drafted);
}

function goTo(wanted) {
  const isKnown = data.projects.some(({ id }) => id === wanted);
  if (isKnown) controls.project.value = wanted;
  return isKnown;
}

function chooseProject() {
  if (project && goTo(project)) return;
  if (drafted) goTo(drafted.project);
  if (project) toast("There is no such project here, or it is archived. Choose one in the settings.", "warn");
}

function replace(open, setup, name) {
  open(setup);
  if (!isUnsent(drafted, setup)) return;
  toast(`${name} is open, in place of what you were writing.`, "info", () => { forgetPreset(); goTo(drafted.project); open(drafted); });
}

// Written by hand, and not what is opened anyway.
function isUnsent(kept, setup) {
  const written = kept && [kept.prompt, ...kept.panes.map(({ prompt }) => prompt), ...["system", "schema", "tools"].map((name) => kept.fields[name])];
  return written?.some((text) => text?.trim() && !JSON.stringify(setup).includes(JSON.stringify(text)));
}

function chooseModel() {
  const asked = modelIn(model);
  if (!model) return;
  if (asked.slug ? !modelOf(asked.slug) : !asked.tags.length) return toast(`There is no model ${model} here. Choose one in the pane.`, "warn");
  desk.panes.length ? desk.panes[0].choose(asked) : desk.add(asked);
}
