// A price chart: <div data-chart="…/prices.json" data-plotly="…/plotly.min.js">. Nothing is loaded before it scrolls into view.
// Colours come from the page's own custom properties, so the chart follows the theme; times are in the reader's zone.
// Every minute the chart and the parts of the page marked data-fresh are renewed; a zoom stays.
const EVERY_MS = 60_000;
const TICKS = { 4: ["%H:%M\n%-d %b", "%H:%M"], 24: ["%H:%M\n%-d %b", "%H:%M"], 168: ["%a %-d %b", "%-d %b"] }; // wide screen, phone
const isPhone = matchMedia("(max-width: 760px)");
const chart = document.querySelector("[data-chart]");
const buttons = [...document.querySelectorAll("[data-chart-hours] [data-hours]")];
const place = Object.assign(document.createElement("div"), { className: "chart-canvas" });
const answers = new Map();
let hours = 24;
let zoom = null; // {hours, range} while the reader looks at a part of it

async function draw() {
  const wanted = hours;
  try {
    const [figure] = await Promise.all([figureOf(wanted), library()]);
    if (wanted !== hours) return;
    chart.replaceChildren(place);
    await window.Plotly.react(place, [...figure.data.map(themed), siteKey(figure)], layout(figure), { displayModeBar: false, responsive: true, doubleClick: false });
    place.removeAllListeners("plotly_relayout").on("plotly_relayout", zoomed);
    place.removeAllListeners("plotly_doubleclick").on("plotly_doubleclick", whole);
  } catch (error) {
    console.error(error);
    if (wanted === hours) say("The prices could not be loaded. Reload the page to try again; the table below has the same numbers.");
  }
}

function zoomed(changed) {
  if ("xaxis.range[0]" in changed) zoom = { hours, range: [changed["xaxis.range[0]"], changed["xaxis.range[1]"]] };
}

function whole() {
  zoom = null;
  draw();
}

async function figureOf(wanted) {
  if (!answers.has(wanted)) {
    const answer = await fetch(`${chart.dataset.chart}?hours=${wanted}`);
    if (!answer.ok) throw new Error(`prices: ${answer.status}`);
    answers.set(wanted, await answer.json());
  }
  return answers.get(wanted);
}

// The last figure stays when the server does not answer; the next minute tries again.
async function renew() {
  if (document.hidden || !place.isConnected) return;
  const wanted = hours;
  const [figure, page] = await Promise.all([
    fetch(`${chart.dataset.chart}?hours=${wanted}`, { cache: "no-cache" }).then((answer) => (answer.ok ? answer.json() : null)),
    fetch(location.href).then((answer) => (answer.ok ? answer.text() : "")),
  ]).catch(() => [null, ""]);
  if (!figure || !page) return;
  answers.clear();
  answers.set(wanted, figure);
  freshen(new DOMParser().parseFromString(page, "text/html"));
  await draw();
}

function freshen(page) {
  for (const part of document.querySelectorAll("[data-fresh]")) {
    const fresh = page.getElementById(part.id);
    if (!fresh || part.contains(document.activeElement)) continue;
    part.replaceWith(fresh);
    fresh.dispatchEvent(new Event("htmx:load", { bubbles: true }));
  }
}

let loading;
function library() {
  loading ??= new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("script"), { src: chart.dataset.plotly, onload: resolve, onerror: reject }));
  });
  return loading;
}

function themed(trace) {
  const role = trace.meta?.role;
  const { x0, dx, ...rest } = trace;
  const strong = role === "routed" || role === "moved";
  const ink = colour(strong ? "--accent" : role === "list" ? "--text-soft" : "--text-faint");
  return {
    ...rest,
    x: trace.y.map((_, index) => local(Date.parse(x0) + index * dx)),
    ...(rest.line && { line: { ...rest.line, color: ink } }),
    ...(rest.marker && { marker: { ...rest.marker, color: ink, line: { width: 2, color: colour("--surface") } } }),
    showlegend: role === "routed" || role === "list",
  };
}

// One line of the legend for all data centers; each of them has its name in the hover.
const siteKey = ({ data }) => ({ ...themed(data[0]), name: "Each data center", x: [null], y: [null], showlegend: true, hoverinfo: "skip", hovertemplate: undefined });

function layout({ data, layout: given }) {
  const { x0, dx, y } = data[0];
  const [from, to] = [0, y.length - 1].map((index) => local(Date.parse(x0) + index * dx));
  const axis = { gridcolor: colour("--line"), linecolor: colour("--line"), zeroline: false, tickfont: { color: colour("--text-faint") } };
  return {
    ...given,
    autosize: true,
    height: 340,
    dragmode: isPhone.matches ? false : "zoom",
    margin: { l: 56, r: 8, t: 8, b: 64 },
    font: { ...given.font, family: getComputedStyle(chart).fontFamily, color: colour("--text-soft") },
    hoverlabel: { bgcolor: colour("--raised"), bordercolor: colour("--line-strong"), font: { color: colour("--text"), size: 12 } },
    xaxis: { ...given.xaxis, ...axis, showgrid: false, spikecolor: colour("--line-strong"), spikethickness: 1, spikedash: "solid", tickformat: TICKS[hours][Number(isPhone.matches)], tickangle: 0, nticks: chart.clientWidth < 500 ? 4 : 9, hoverformat: "%a %-d %b, %H:%M", range: zoom?.hours === hours ? zoom.range : [from, to], autorange: false, fixedrange: isPhone.matches },
    yaxis: { ...given.yaxis, ...axis, title: { text: "" }, fixedrange: true },
    legend: { ...given.legend, x: 0, y: -0.16, yanchor: "top" },
  };
}

// Plotly shows a date without a zone as it stands, so it is given the reader's wall clock.
const local = (ms) => new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);

// The computed value of a custom property in the notation Plotly reads: it knows rgb(), not oklch().
const pixel = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
function colour(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  pixel.clearRect(0, 0, 1, 1);
  pixel.fillStyle = getComputedStyle(probe).color;
  pixel.fillRect(0, 0, 1, 1);
  probe.remove();
  const [red, green, blue, alpha] = pixel.getImageData(0, 0, 1, 1).data;
  return `rgba(${red}, ${green}, ${blue}, ${(alpha / 255).toFixed(2)})`;
}

function say(text) {
  chart.replaceChildren(Object.assign(document.createElement("p"), { className: "chart-note", textContent: text }));
}

for (const button of buttons) {
  button.addEventListener("click", () => {
    hours = Number(button.dataset.hours);
    for (const other of buttons) other.setAttribute("aria-pressed", other === button);
    draw();
  });
}
if (chart) {
  new IntersectionObserver((entries, observer) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    draw();
    setInterval(renew, EVERY_MS);
    document.addEventListener("clod:theme", () => draw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());
  }).observe(chart);
}
