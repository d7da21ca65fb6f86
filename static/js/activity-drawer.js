// A request opens in the drawer; j and k, or the arrow keys there, go to the next older and the next newer one of the table.
import { announce } from "./activity-parts.js";

const drawer = document.getElementById("request-drawer");
const SOON_MS = 1200; // after "g" a letter goes to a section, see hotkeys.js
const STEPS = { j: 1, k: -1 };
const ARROWS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
const links = () => [...document.querySelectorAll("#rows a[data-drawer]")];
let current = "";
let wentAt = 0;
let turn = 0;

async function open(link) {
  const mine = ++turn;
  const answer = await fetch(link.href, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (mine !== turn) return;
  if (!answer?.ok || answer.redirected) return location.assign(link.href);
  const body = drawer.querySelector("[data-drawer-body]");
  body.innerHTML = await answer.text();
  current = link.href;
  announce(body);
  mark();
  if (!drawer.open) drawer.showModal();
  drawer.scrollTop = 0;
}

// Which of the steps there is, and which row is being read.
function mark() {
  for (const link of links()) link.closest("tr").toggleAttribute("data-current", drawer.open !== false && link.href === current);
  const at = links().findIndex((link) => link.href === current);
  for (const button of drawer.querySelectorAll("[data-step]")) button.disabled = at < 0 || !links()[at + Number(button.dataset.step)];
}

function step(by) {
  const all = links();
  const next = all[all.findIndex((link) => link.href === current) + by];
  if (all.some((link) => link.href === current) && next) open(next);
}

function walk(by) {
  const all = links();
  const at = all.indexOf(document.activeElement?.closest("tr")?.querySelector("a[data-drawer]"));
  (at < 0 ? all[0] : all[at + by])?.focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-step]");
  if (button) step(Number(button.dataset.step));
  const link = event.target.closest("a[data-drawer]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  event.preventDefault();
  open(link);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "g") wentAt = Date.now();
  if (event.metaKey || event.ctrlKey || event.altKey || event.shiftKey || Date.now() - wentAt < SOON_MS) return;
  if (event.target.closest?.("input, textarea, select, summary, [contenteditable]")) return;
  const by = STEPS[event.key] ?? (drawer.open ? ARROWS[event.key] : undefined);
  if (!by || document.querySelector("dialog[open]:not(#request-drawer)")) return;
  event.preventDefault();
  drawer.open ? step(by) : walk(by);
});

drawer?.addEventListener("close", () => {
  turn += 1;
  const link = links().find((each) => each.href === current);
  for (const row of document.querySelectorAll("#rows tr[data-current]")) row.removeAttribute("data-current");
  link?.focus({ preventScroll: false, focusVisible: false });
});
