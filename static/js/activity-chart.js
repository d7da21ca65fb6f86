// The chart of Activity: <div data-usage="…/chart.json" data-plotly="…">. Loaded when it scrolls into view, in the page's own colours.
// Links [data-metric] and the select "by" choose what is drawn; the address follows, so that it can be reloaded and sent.
import { colour, onTheme } from "./ink.js";

const chart = document.querySelector("[data-usage]");
const form = document.getElementById("activity-filters");
const place = Object.assign(document.createElement("div"), { className: "chart-canvas" });
const isPhone = matchMedia("(max-width: 760px)");
const TICKS = { minute: "%H:%M", hour: "%H:%M\n%-d %b", day: "%-d %b", month: "%b %Y" };
const HOVERS = { minute: "%H:%M", hour: "%a %-d %b, %H:%M", day: "%a %-d %b %Y", month: "%B %Y" };
let figure = null;
let asked = 0;

async function draw() {
  const turn = ++asked;
  try {
    const [answer] = await Promise.all([fetch(`${chart.dataset.usage}${location.search}`), library()]);
    if (!answer.ok) throw new Error(`chart: ${answer.status}`);
    const got = await answer.json();
    if (turn !== asked) return;
    figure = got;
    await paint();
  } catch (error) {
    console.warn(error);
    if (turn === asked && !figure) say("The chart could not be loaded. Reload the page to try again; the table below has the same numbers.");
  }
}

async function paint() {
  if (figure.is_empty) return say("Nothing to draw in this time.");
  if (!place.isConnected) chart.replaceChildren(place);
  await window.Plotly.react(place, figure.data.map(traced), layout(), { displayModeBar: false, responsive: true });
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

let loading;
function library() {
  loading ??= new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("script"), { src: chart.dataset.plotly, onload: resolve, onerror: reject }));
  });
  return loading;
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
  draw();
}

if (chart) {
  new IntersectionObserver((entries, observer) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    draw();
    document.addEventListener("clod:activity", draw);
    onTheme(() => figure && paint());
  }).observe(chart);
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
