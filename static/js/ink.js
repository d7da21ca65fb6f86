// The page's colours in the notation Plotly reads: it knows rgb(), not oklch(), custom properties or light-dark().
const pixel = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
const probe = document.createElement("i");
const mixed = new Map();

export function colour(name) {
  if (!mixed.has(name)) mixed.set(name, mix(name));
  return mixed.get(name);
}

// Calls "redraw" when the page's colours have changed.
export function onTheme(redraw) {
  const again = () => {
    mixed.clear();
    redraw();
  };
  document.addEventListener("clod:theme", again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
}

function mix(name) {
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  pixel.clearRect(0, 0, 1, 1);
  pixel.fillStyle = getComputedStyle(probe).color;
  pixel.fillRect(0, 0, 1, 1);
  probe.remove();
  const [red, green, blue, alpha] = pixel.getImageData(0, 0, 1, 1).data;
  return `rgba(${red}, ${green}, ${blue}, ${(alpha / 255).toFixed(2)})`;
}
