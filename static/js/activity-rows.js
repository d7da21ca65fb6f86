// The table of requests when newer ones have come: what is there stays where it is in the document, with its focus and its selection.
import { announce, parse, replace } from "./activity-parts.js";

const shown = () => document.getElementById("rows");
const rowsOf = (part) => [...part.querySelectorAll("tr[data-id]")];

export function newIn(html) {
  const known = new Set(rowsOf(shown()).map((row) => row.dataset.id));
  return rowsOf(parse(html).getElementById("rows")).filter((row) => !known.has(row.dataset.id)).length;
}

// The part with id "rows" of a page, which has at most as many rows as a page has.
export function merge(html) {
  const old = shown();
  const fresh = parse(html).getElementById("rows");
  if (!old.querySelector("tbody") || !fresh.querySelector("tbody")) return replace(fresh);
  let place = old.querySelector("tbody").firstElementChild;
  for (const row of rowsOf(fresh)) {
    if (place?.dataset.id === row.dataset.id) place = place.nextElementSibling;
    else arrive(row, old, place);
  }
  while (place) {
    const next = place.nextElementSibling;
    place.remove();
    place = next;
  }
  old.querySelector(".pager").replaceWith(fresh.querySelector(".pager"));
  old.dataset.seen = fresh.dataset.seen;
}

function arrive(row, part, before) {
  row.classList.add("arrived");
  part.querySelector("tbody").insertBefore(row, before);
  announce(row);
}
