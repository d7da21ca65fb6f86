// The table of models: filters apply when chosen, models are ticked to compare.
import { chosenEarly } from "./chosen.js";

const MOST = 4;
const form = document.getElementById("market-form");
const query = document.getElementById("q");
const bar = document.querySelector("[data-compare]");
const words = bar.querySelector("[data-compare-words]");
const submit = bar.querySelector(".primary");
const idle = words.textContent;
const chosen = new Map(JSON.parse(sessionStorage.getItem("clod_compare") ?? "[]"));
const boxes = () => document.querySelectorAll('#market input[name="m"]');

// An address without its empty parts can be read and shared.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.elt.id !== "market-form") return;
  for (const [name, value] of Object.entries(detail.parameters)) if (!value || (name === "sort" && value === "free")) delete detail.parameters[name];
});

// To remove what has the focus, the browser lays out old and new rows together first: a tenth of a second. It is given back by name.
let focused = "";
document.addEventListener("htmx:beforeSwap", ({ detail: { target, shouldSwap } }) => {
  const active = document.activeElement;
  focused = shouldSwap && target.id === "market" && target.contains(active) ? active.id : "";
  if (focused) active.blur();
});

document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target.id !== "market") return;
  const said = target.querySelector("[data-count]");
  document.getElementById("market-count").textContent = said?.dataset.count || said?.textContent.split(".")[0] || "";
  if (document.activeElement !== query) query.value = new URLSearchParams(location.search).get("q") ?? "";
  if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus({ preventScroll: true });
  if (document.activeElement === document.body) target.querySelector(".table-wrap")?.focus({ preventScroll: true }); // what was pressed is gone
  tick();
});

function tick() {
  for (const box of boxes()) {
    box.checked = chosen.has(box.value);
    box.disabled = chosen.size >= MOST && !box.checked;
  }
  tell();
}

function tell() {
  bar.toggleAttribute("data-on", chosen.size > 0);
  words.textContent = chosen.size ? `${[...chosen.values()].join(", ")}${chosen.size < 2 ? " and …" : ""}` : idle;
  submit.disabled = chosen.size < 2;
  sessionStorage.setItem("clod_compare", JSON.stringify([...chosen]));
}

function choose({ checked, value, dataset }) {
  if (checked) chosen.set(value, dataset.name);
  else chosen.delete(value);
}

document.addEventListener("change", ({ target }) => {
  if (target.name !== "m") return;
  choose(target);
  tick();
});

submit.insertAdjacentHTML("beforebegin", '<button type="button" class="button quiet small" data-compare-clear>Clear</button>');
bar.querySelector("[data-compare-clear]").addEventListener("click", () => {
  chosen.clear();
  tick();
});

// What was ticked goes along though the table shows other models now.
bar.addEventListener("submit", (event) => {
  event.preventDefault();
  location.assign(`/models/compare?${new URLSearchParams([...chosen.keys()].map((slug) => ["m", slug]))}`);
});
chosenEarly(boxes()).slice(0, MOST - chosen.size).forEach(choose);
tick();
if (chosenEarly(form.elements).length || query.value !== query.defaultValue) document.addEventListener("DOMContentLoaded", () => form.requestSubmit()); // by then htmx takes it
