// Searching what was said in the requests of this page. Each body is loaded and opened here; neither the text nor what is looked for
// leaves the browser.
import { held, recall } from "./body-keys.js";
import { load, read, texts } from "./body-load.js";

const AT_ONCE = 4;
const form = document.querySelector("[data-search-said]");
const [told, whys, bar, end, count] = ["[data-search-told]", "[data-search-whys]", "progress", "[data-search-end]", "[data-key-count]"].map((each) => form?.querySelector(each));
const rows = () => [...document.querySelectorAll("#rows tr[data-id]")];
let found = new Map(); // request: {text} or {why}
let turn = 0;

function offer() {
  form.hidden = !held().length && !rows().some(({ dataset }) => dataset.logs !== "off");
  count.textContent = held().length ? `${held().length} ${held().length === 1 ? "key" : "keys"} in use` : "Choose a key";
}

async function search() {
  const mine = ++turn;
  const wanted = form.elements.text.value.trim();
  const looked = rows();
  whys.replaceChildren();
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
  if (found.has(id)) return;
  try {
    const loaded = await load(id);
    await recall((loaded.jwe?.recipients ?? []).map(({ header }) => header?.kid).filter(Boolean));
    found.set(id, { text: texts(await read(loaded)).join("\n").toLowerCase() });
  } catch (error) {
    found.set(id, { why: error.message });
  }
}

function mark(looked, wanted) {
  const having = looked.filter(({ dataset }) => found.get(dataset.id).text?.includes(wanted.toLowerCase()));
  for (const row of looked) row.dataset.said = having.includes(row) ? "yes" : "no";
  document.getElementById("rows").dataset.searching = "";
  bar.hidden = true;
  end.hidden = false;
  const closed = looked.map(({ dataset }) => found.get(dataset.id).why).filter(Boolean);
  const contain = `${having.length} of ${looked.length} ${looked.length === 1 ? "request" : "requests"} on this page ${having.length === 1 ? "contains" : "contain"}`;
  told.textContent = `${contain} “${wanted}”.${closed.length ? ` ${closed.length} could not be looked into:` : ""}`;
  whys.replaceChildren(...tallied(closed).map(([why, many]) => Object.assign(document.createElement("li"), { textContent: `${many}: ${why}` })));
}

// [text, how often], the most frequent first.
function tallied(several) {
  const tally = new Map();
  for (const each of several) tally.set(each, (tally.get(each) ?? 0) + 1);
  return [...tally].sort(([, one], [, other]) => other - one);
}

function showAll() {
  turn += 1;
  for (const row of rows()) delete row.dataset.said;
  delete document.getElementById("rows").dataset.searching;
  end.hidden = bar.hidden = true;
  told.textContent = "";
  whys.replaceChildren();
}

if (form) {
  offer();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (form.elements.text.value.trim()) search();
  });
  end.addEventListener("click", () => {
    form.elements.text.value = "";
    showAll();
    form.elements.text.focus();
  });
  document.addEventListener("clod:keys", () => {
    found = new Map();
    if (!held().length) showAll();
    else if (!bar.hidden) search();
    offer();
  });
  document.addEventListener("htmx:load", offer);
}
