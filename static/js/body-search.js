// Searching what was said in the requests of this page. Each body is loaded and opened here; neither the text nor what is looked for
// leaves the browser.
import { held } from "./body-keys.js";
import { load, read, texts } from "./body-load.js";

const AT_ONCE = 4;
const form = document.querySelector("[data-search-said]");
const [told, bar, end, count] = ["[data-search-told]", "progress", "[data-search-end]", "[data-key-count]"].map((each) => form?.querySelector(each));
const rows = () => [...document.querySelectorAll("#rows tr[data-id]")];
let read_ = new Map(); // request: {text} or {why}
let turn = 0;

function offer() {
  form.hidden = !held().length && !rows().some(({ dataset }) => dataset.logs !== "off");
  count.textContent = held().length ? `${held().length} ${held().length === 1 ? "key" : "keys"} in use` : "Choose a key";
}

async function search(wanted) {
  const mine = ++turn;
  const looked = rows();
  Object.assign(bar, { hidden: false, max: looked.length, value: 0 });
  told.textContent = "Looking into what was said …";
  const queue = [...looked];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let row; mine === turn && (row = queue.shift()); ) {
      await look(row.dataset.id);
      bar.value += 1;
    }
  }));
  if (mine === turn) mark(looked, wanted);
}

async function look(id) {
  if (read_.has(id)) return;
  try {
    read_.set(id, { text: texts(await read(await load(id))).join("\n").toLowerCase() });
  } catch (error) {
    read_.set(id, { why: error.message });
  }
}

function mark(looked, wanted) {
  const found = looked.filter(({ dataset }) => read_.get(dataset.id).text?.includes(wanted.toLowerCase()));
  for (const row of looked) row.dataset.said = found.includes(row) ? "yes" : "no";
  document.getElementById("rows").dataset.searching = "";
  bar.hidden = true;
  end.hidden = false;
  told.textContent = `${found.length} of ${looked.length} ${looked.length === 1 ? "request" : "requests"} on this page ${found.length === 1 ? "contains" : "contain"} “${wanted}”.${closed(looked)}`;
}

// How many could not be looked into, and why.
function closed(looked) {
  const whys = new Map();
  for (const { dataset } of looked) {
    const { why } = read_.get(dataset.id);
    if (why) whys.set(why, (whys.get(why) ?? 0) + 1);
  }
  const all = [...whys.values()].reduce((sum, each) => sum + each, 0);
  return all ? ` ${all} could not be looked into. ${[...whys].map(([why, many]) => `${many}: ${why}`).join(" ")}` : "";
}

function showAll() {
  turn += 1;
  for (const row of rows()) delete row.dataset.said;
  delete document.getElementById("rows").dataset.searching;
  end.hidden = bar.hidden = true;
  told.textContent = "";
}

if (form) {
  offer();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = form.elements.text.value.trim();
    if (wanted) search(wanted);
  });
  end.addEventListener("click", () => {
    form.elements.text.value = "";
    showAll();
    form.elements.text.focus();
  });
  document.addEventListener("clod:keys", () => {
    read_ = new Map();
    if (!held().length) showAll();
    offer();
  });
  document.addEventListener("htmx:load", offer);
}
