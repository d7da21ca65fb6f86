// The reader's own runs, in this browser only: the newest fifty, and none while it is switched off.
import { clone, data, opened, toast } from "./studio-page.js";
import { undoable } from "./studio-undo.js";

const MOST_RUNS = 50;
const MOST_TEXT = 4000;
const RUNS = `clod_studio_runs_${data.reader}`;
const OFF = `clod_studio_runs_off_${data.reader}`;
const dialog = document.getElementById("history-dialog");
const list = dialog.querySelector("[data-runs]");
const forget = dialog.querySelector("[data-forget]");
let cleared = []; // until the page is left
const toggle = document.getElementById("history-on");

// open(setup) puts a run's settings and prompt back on the page.
export function offerHistory(open) {
  toggle.checked = !localStorage.getItem(OFF);
  document.getElementById("open-history").addEventListener("click", () => { draw(); dialog.showModal(); });
  toggle.addEventListener("change", () => (toggle.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")));
  forget.addEventListener("click", () => {
    const runs = read();
    write(runs.length ? [] : cleared);
    cleared = runs;
    draw();
  });
  list.addEventListener("click", ({ target }) => {
    const at = target.closest("[data-load]")?.dataset.load;
    if (!at) return;
    dialog.close();
    undoable("A run is open, in place of what was here.", () => open(read().find((run) => run.at === at).setup));
  });
}

export function remember(run) {
  if (!toggle.checked || opened.isSealed) return;
  const short = { ...run, at: new Date().toISOString(), prompt: run.prompt.slice(0, MOST_TEXT), answer: run.answer.slice(0, MOST_TEXT) };
  write([short, ...read()].slice(0, MOST_RUNS));
}

function read() {
  try { return JSON.parse(localStorage.getItem(RUNS)) ?? []; } catch { return []; }
}

// A full store loses its oldest half; what still does not fit is not kept.
function write(runs) {
  for (let kept = runs; ; kept = kept.slice(0, Math.floor(kept.length / 2))) {
    try {
      return localStorage.setItem(RUNS, JSON.stringify(kept));
    } catch {
      if (!kept.length) return toast("This browser does not let Studio keep a history.", "warn");
    }
  }
}

function draw() {
  const runs = read();
  dialog.querySelector("[data-none]").hidden = runs.length > 0;
  forget.textContent = runs.length || !cleared.length ? "Clear history" : "Undo";
  forget.disabled = !runs.length && !cleared.length;
  list.replaceChildren(...runs.map((run) => {
    const row = clone("run-template");
    const part = (selector) => row.querySelector(selector);
    Object.assign(part("time"), { dateTime: run.at, textContent: new Date(run.at).toLocaleString() });
    part(".run-model").textContent = run.model;
    part(".run-prompt").textContent = run.prompt;
    part(".run-answer").textContent = run.answer;
    part(".run-facts").textContent = run.facts.map((fact) => fact.filter(Boolean).join(" ")).join(" · ");
    part("[data-load]").dataset.load = run.at;
    part("a").hidden = !run.request;
    part("a").href = `/activity/${encodeURIComponent(run.request)}`;
    return row;
  }));
}
