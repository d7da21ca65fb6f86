// A price chart: <div data-chart="…/prices.json" data-plotly="…/plotly.min.js" data-etag="…">. The server has drawn it; Plotly
// redraws it when the reader reaches for it, so that it can be read and zoomed.
// Links [data-show] and [data-hours] choose what is shown, buttons [data-site] make one data center stand out. Every minute the
// server is asked whether the figure has changed; if so it is drawn again, and the parts marked data-fresh are renewed. A zoom stays.
import { layout, traces } from "./chart-look.js";
import { onTheme } from "./ink.js";
import { isReached, onReach, painted, plotly, readByTap } from "./reach.js";

const EVERY_MS = 60_000;
const chart = document.querySelector("[data-chart]");
const place = Object.assign(document.createElement("div"), { className: "chart-canvas" });
const tableLink = document.querySelector("[data-chart-table]");
const answers = new Map(); // by query: {etag, figure}
const chosen = (what) => document.querySelector(`[data-${what}][aria-current]`)?.dataset[what];
const shown = { show: chosen("show") ?? "price", hours: Number(chosen("hours")) };
let zoom = null; // {hours, range} while the reader looks at a part of it
let alone = ""; // the data center that stands out

const address = () => `${chart.dataset.chart}${chart.dataset.chart.includes("?") ? "&" : "?"}${query()}`;
const query = () => new URLSearchParams(shown).toString();
const drawn = query(); // by the server

async function draw() {
  const wanted = query();
  chart.setAttribute("aria-busy", "true");
  try {
    const [{ figure }] = await Promise.all([answers.get(wanted) ?? ask(), plotly(chart.dataset.plotly)]);
    await painted(); // what was pressed looks pressed before Plotly takes its time
    if (wanted === query()) await paint(figure);
  } catch (error) {
    console.error(error);
    if (wanted === query()) fail();
  }
}

async function paint(figure) {
  if (!place.isConnected) chart.append(place);
  const range = zoom?.hours === shown.hours ? zoom.range : null;
  await window.Plotly.react(place, traces(figure, alone), layout(figure, chart, shown.hours, range), { displayModeBar: false, responsive: true, doubleClick: false, showTips: false });
  place.removeAllListeners("plotly_relayout").on("plotly_relayout", zoomed);
  place.removeAllListeners("plotly_doubleclick").on("plotly_doubleclick", whole);
  chart.replaceChildren(place);
  chart.removeAttribute("aria-busy");
  say("[data-chart-words]", figure.sentence);
  say("[data-chart-unit]", figure.unit);
  say("[data-chart-beside]", shown.show === "price" ? "List price" : "Average data center");
}

async function ask(cache = "default") {
  const wanted = query();
  const answer = await fetch(address(), { cache });
  if (!answer.ok) throw new Error(`prices: ${answer.status}`);
  const got = { etag: answer.headers.get("etag")?.replace("W/", ""), figure: await answer.json() };
  answers.set(wanted, got);
  return got;
}

// The last figure stays when the server does not answer; the next minute tries again. An unchanged one costs it a 304.
async function renew() {
  if (document.hidden || !chart.querySelector(".chart-canvas, .sketch")) return;
  const before = answers.get(query())?.etag ?? chart.dataset.etag;
  const after = await ask("no-cache").catch(() => null);
  if (!after || after.etag === before) return;
  const now = query();
  for (const other of answers.keys()) if (other !== now) answers.delete(other);
  if (place.isConnected) await draw();
  const page = await fetch(location.href).then((answer) => (answer.ok ? answer.text() : "")).catch(() => "");
  if (page) freshen(new DOMParser().parseFromString(page, "text/html"));
}

function freshen(page) {
  const sketch = page.querySelector("[data-chart] .sketch");
  if (sketch) chart.querySelector(".sketch")?.replaceWith(sketch);
  for (const part of document.querySelectorAll("[data-fresh]")) {
    const fresh = page.getElementById(part.id);
    if (!fresh || part.contains(document.activeElement)) continue;
    part.replaceWith(fresh);
    fresh.dispatchEvent(new Event("htmx:load", { bubbles: true }));
  }
  mark();
}

function zoomed(changed) {
  if ("xaxis.range[0]" in changed) zoom = { hours: shown.hours, range: [changed["xaxis.range[0]"], changed["xaxis.range[1]"]] };
}

function whole() {
  zoom = null;
  draw();
}

function say(where, text) {
  const part = document.querySelector(where);
  if (part && text && part.textContent !== text) part.textContent = text;
}

function fail() {
  chart.removeAttribute("aria-busy");
  if (chart.querySelector(".sketch") && query() === drawn) return onReach(chart, draw); // what the server drew still stands
  const note = Object.assign(document.createElement("div"), { className: "chart-note" });
  const again = Object.assign(document.createElement("button"), { className: "button small", textContent: "Try again" });
  note.append("The prices could not be loaded.", again);
  again.addEventListener("click", draw);
  chart.replaceChildren(note);
}

function mark() {
  for (const link of document.querySelectorAll("[data-show], [data-hours]")) {
    const { show = shown.show, hours = shown.hours } = link.dataset;
    if (show === shown.show && Number(hours) === shown.hours) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    const address = new URLSearchParams(link.search);
    for (const name of ["show", "hours"]) if (address.has(name)) address.set(name, { show, hours }[name]);
    link.search = address;
  }
  for (const button of document.querySelectorAll("[data-site]")) button.setAttribute("aria-pressed", button.dataset.site === alone);
  if (tableLink) tableLink.href = `${chart.dataset.chart.replace(/\.json$/, "")}?${query()}`;
  const csv = document.querySelector("[data-chart-csv]");
  if (csv) csv.href = `${chart.dataset.chart.replace(/json$/, "csv")}?${query()}`;
}

document.addEventListener("click", (event) => {
  const { show, hours, site } = event.target.closest("[data-show], [data-hours], [data-site]")?.dataset ?? {};
  if ((!show && !hours && !site) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (show) shown.show = show;
  if (hours) shown.hours = Number(hours);
  if (site) alone = alone === site ? "" : site;
  mark();
  draw();
  if (!site) history.replaceState(history.state, "", document.querySelector("[data-hours][aria-current]").href); // a reload, or whom it is sent to, sees the same
});

if (chart) {
  if (chart.querySelector(".sketch") && !isReached(chart)) onReach(chart, draw);
  else draw();
  readByTap(place);
  setInterval(renew, EVERY_MS);
  onTheme(() => place.isConnected && draw());
}
