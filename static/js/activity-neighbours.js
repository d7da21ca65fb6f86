// On a request's own page j and k go to the next older and the next newer one, as they do in the drawer.
const STEPS = { j: "next", k: "prev" };
const SOON_MS = 1200; // after "g" a letter goes to a section, see hotkeys.js
let wentAt = 0;

document.addEventListener("keydown", (event) => {
  if (event.key === "g") wentAt = Date.now();
  if (event.metaKey || event.ctrlKey || event.altKey || event.shiftKey || Date.now() - wentAt < SOON_MS) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable], dialog")) return;
  if (STEPS[event.key]) document.querySelector(`main a[rel=${STEPS[event.key]}]`)?.click();
});
