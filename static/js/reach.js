// A chart is the server's drawing until a reader reaches for it. Then Plotly comes: five megabytes that take a second to compile.
let loading;

// Asked again after a failure, it tries again.
export function plotly(address) {
  loading ??= new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("script"), { src: address, onload: resolve, onerror: reject }));
  });
  loading.catch(() => (loading = null));
  return loading;
}

// Calls "draw" once, when the reader points at the chart or taps it. A finger may only scroll past; its tap is a click.
export function onReach(chart, draw) {
  const kinds = ["pointerover", "click"];
  const reached = (event) => {
    if (event.pointerType === "touch" && event.type === "pointerover") return;
    for (const kind of kinds) chart.removeEventListener(kind, reached);
    draw();
  };
  for (const kind of kinds) chart.addEventListener(kind, reached);
}

// After the next frame has been drawn; of a page that is hidden, when it is seen again.
export const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));

// A tap is answered by a frame before Plotly composes its label, which takes a slow phone half a second. Scrolling stays the browser's.
export function readByTap(place) {
  if (!matchMedia("(hover: none)").matches) return;
  const plot = (event) => event.target.closest(".nsewdrag");
  for (const kind of ["touchstart", "mousedown", "mousemove"]) place.addEventListener(kind, (event) => plot(event) && event.stopPropagation(), { capture: true, passive: true });
  place.addEventListener("click", async (event) => {
    const box = plot(event)?.getBoundingClientRect();
    await painted();
    if (box) window.Plotly.Fx.hover(place, { xpx: event.clientX - box.left, ypx: event.clientY - box.top }, "xy");
  });
}

// The pointer came before this script did.
export const isReached = (chart) => chart.matches(":hover");
