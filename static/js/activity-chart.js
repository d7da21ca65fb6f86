// The chart of Activity: <div data-usage="…/chart.json" data-plotly="…">. The server has drawn it; Plotly redraws it when the
// reader reaches for it, so that it can be read and zoomed, in the page's own colours.
// Links [data-metric] and the select "by" choose what is drawn; the address follows, so that it can be reloaded and sent.
import { colour, onTheme } from "./ink.js";
import { isReached, onReach, plotly, readByTap } from "./reach.js";

const chart = document.querySelector("[data-usage]");
const form = document.getElementById("activity-filters");
const place = Object.assign(document.createElement("div"), { className: "chart-canvas" });
const isPhone = matchMedia("(max-width: 760px)");
const TICKS = { minute: "%H:%M", hour: "%H:%M\n%-d %b", day: "%-d %b", month: "%b %Y" };
const HOVERS = { minute: "%H:%M", hour: "%a %-d %b, %H:%M", day: "%a %-d %b %Y", month: "%B %Y" };
const CLOCKS = { minute: { hour: "2-digit", minute: "2-digit" }, hour: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" } };
let figure = null;
let asked = 0; // how often Plotly was: 0 while the chart is the server's

async function draw() {
  const turn = ++asked;
  chart.setAttribute("aria-busy", "true");
  try {
    const [answer] = await Promise.all([fetch(`${chart.dataset.usage}${location.search}`), plotly(chart.dataset.plotly)]);
    if (!answer.ok) throw new Error(`chart: ${answer.status}`);
    const got = await answer.json();
    if (turn !== asked) return;
    figure = got;
    await paint();
  } catch (error) {
    console.warn(error);
    if (turn === asked) fail();
  } finally {
    if (turn === asked) chart.removeAttribute("aria-busy");
  }
}

async function paint() {
  if (figure.is_empty) return say("Nothing to draw in this time.");
  if (!place.isConnected) {
    place.classList.add("arriving");
    chart.append(place);
  }
  await window.Plotly.react(place, figure.data.map(traced), layout(), { displayModeBar: false, responsive: true });
  place.classList.remove("arriving");
  if (chart.firstChild !== place || place.nextSibling) chart.replaceChildren(place);
  name();
}

// What is drawn already still stands.
function fail() {
  if (chart.querySelector(".sketch-plot")) wait();
  else if (!figure) say("The chart could not be loaded. Reload the page to try again; the table below has the same numbers.");
}

// What Plotly drew, in words.
function name() {
  const metric = document.querySelector("[data-metric][aria-current]")?.textContent ?? "Requests";
  chart.setAttribute("role", "img");
  chart.setAttribute("aria-label", `${metric} over time; the same numbers are in the table below`);
}

function traced({ meta, ...trace }) {
  const ink = colour(meta.ink);
  return { ...trace, x: figure.x.map(local), marker: { ...trace.marker, color: ink }, ...(trace.line && { line: { ...trace.line, color: ink } }) };
}

function layout() {
  const { layout: given, unit } = figure;
  const axis = { gridcolor: colour("--line"), linecolor: colour("--line"), zerolinecolor: colour("--line"), fixedrange: isPhone.matches, tickfont: { color: colour("--text-faint") } };
  return {
    ...given,
    autosize: true,
    height: 280 + (isPhone.matches ? 19 * figure.data.length : 0), // there the legend has a line for each
    dragmode: isPhone.matches ? false : "zoom",
    font: { family: getComputedStyle(chart).fontFamily, size: 12, color: colour("--text-soft") },
    hoverlabel: { bgcolor: colour("--raised"), bordercolor: colour("--line-strong"), font: { color: colour("--text"), size: 12 } },
    xaxis: { ...given.xaxis, ...axis, tickformat: TICKS[unit], hoverformat: HOVERS[unit], tickangle: 0, nticks: chart.clientWidth < 500 ? 4 : 10 },
    yaxis: { ...given.yaxis, ...axis, fixedrange: true },
  };
}

// Plotly shows a date without a zone as it stands: instants become the reader's wall clock, days stay what they are.
function local(point) {
  if (!point.endsWith("Z")) return point;
  const at = new Date(point);
  return new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function say(text) {
  chart.replaceChildren(Object.assign(document.createElement("p"), { className: "chart-note", textContent: text }));
}

// What is drawn changes without a new page; the table beneath comes from the server.
function choose(name, value) {
  const address = new URL(location.href);
  address.searchParams.set(name, value);
  if (!value) address.searchParams.delete(name);
  history.replaceState(history.state, "", address);
  for (const link of document.querySelectorAll("[data-metric]")) {
    if (name === "metric") link.dataset.metric === value ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
  }
  if (name === "metric") form.elements.metric.value = value;
  document.dispatchEvent(new Event("clod:chart"));
  if (asked) draw();
}

// Where there is nothing to draw, there is nothing to reach for.
function wait() {
  onReach(chart, () => (chart.querySelector(".sketch-plot") ? draw() : wait()));
}

// Instants the server wrote in UTC, on the reader's clock.
function tell(part) {
  for (const time of part.querySelectorAll("time[data-step]")) time.textContent = new Intl.DateTimeFormat("en-GB", CLOCKS[time.dataset.step]).format(new Date(time.dateTime));
}

if (chart) {
  tell(chart);
  if (isReached(chart) && chart.querySelector(".sketch-plot")) draw();
  else wait();
  readByTap(place);
  document.addEventListener("htmx:load", ({ target }) => target.id === "chart-sketch" && tell(target));
  document.addEventListener("clod:activity", () => asked && draw());
  onTheme(() => figure && paint());
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-metric]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    choose("metric", link.dataset.metric);
  });
  document.querySelector("select[name=by]")?.addEventListener("change", (event) => {
    event.stopPropagation();
    choose("by", event.target.value);
  });
}
