// A price chart: <div data-chart="…/prices.json" data-plotly="…/plotly.min.js">. Nothing is loaded before it scrolls into view.
// Colours come from the page's own custom properties, so the chart follows the theme.
const HOUR_KEY = "hours";
const chart = document.querySelector("[data-chart]");
const buttons = [...document.querySelectorAll("[data-chart-hours] [data-hours]")];
let shown = 24;
let turn = 0;

const loaded = (address) => new Promise((resolve, reject) => {
  const script = Object.assign(document.createElement("script"), { src: address, onload: resolve, onerror: reject });
  document.head.append(script);
});

// The computed value of a custom property, as a colour Plotly understands (it knows rgb(), not oklch()).
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
function colour(name) {
  const probe = Object.assign(document.createElement("i"), { style: `color: var(${name})` });
  chart.append(probe);
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = getComputedStyle(probe).color;
  canvas.fillRect(0, 0, 1, 1);
  probe.remove();
  const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
  return `rgba(${red}, ${green}, ${blue}, ${(alpha / 255).toFixed(2)})`;
}

async function draw(hours) {
  const mine = ++turn;
  try {
    const [answer] = await Promise.all([fetch(`${chart.dataset.chart}?${HOUR_KEY}=${hours}`), window.Plotly ?? loaded(chart.dataset.plotly)]);
    if (!answer.ok) throw new Error(`${answer.status}`);
    const figure = await answer.json();
    if (mine !== turn) return;
    await window.Plotly.react(canvasOf(), figure.data.map(themed), layout(figure.layout), { displayModeBar: false, responsive: true });
  } catch {
    if (mine === turn) say("The prices could not be loaded. Reload the page to try again; the table below has the same numbers.");
  }
}
