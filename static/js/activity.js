// Activity: filters apply when chosen, a request opens in the drawer, and new requests arrive by themselves.
const LIVE_EVERY_MS = 4000;
const live = document.getElementById("live");
const drawer = document.getElementById("request-drawer");
const form = document.querySelector("[data-activity-filters]");

form?.addEventListener("change", ({ target }) => {
  if (target.type === "checkbox") target.closest("details").dataset.changed = "";
  else if (target.type !== "date") form.requestSubmit();
});
// Several boxes may be ticked before the menu closes.
form?.addEventListener("toggle", ({ target }) => !target.open && "changed" in target.dataset && form.requestSubmit(), true);
// Choosing a time takes the place of chosen days.
form?.elements.range.addEventListener("change", () => (form.elements.from.value = form.elements.to.value = ""));
// An address without its empty parts can be read and shared.
form?.addEventListener("formdata", ({ formData }) => {
  const defaults = { range: ["24h", "dates"], metric: ["requests"] };
  for (const [name, value] of [...formData]) if (!value || defaults[name]?.includes(value)) formData.delete(name);
});

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-drawer]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const answer = await fetch(link.href, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok) return location.assign(link.href);
  fill(drawer.querySelector("[data-drawer-body]"), await answer.text());
  drawer.showModal();
});

// The server says 204 while nothing has changed, so a selection in the table is left alone.
async function look() {
  if (document.hidden || drawer.open) return;
  const text = await ask(live?.querySelector("[data-seen]")?.dataset.seen ?? "");
  if (!text) return;
  if (!live) return location.reload();
  renew(text);
  document.dispatchEvent(new Event("clod:activity"));
  document.dispatchEvent(new Event("clod:spent"));
}

async function ask(seen) {
  const address = new URL(location.href);
  address.searchParams.set("seen", seen);
  const answer = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
  return answer?.status === 200 ? answer.text() : "";
}

// Parts with an id take the place of the page's; what the reader has opened stays open.
function renew(html, only = "[data-live]") {
  for (const fresh of new DOMParser().parseFromString(html, "text/html").querySelectorAll(only)) {
    const old = document.getElementById(fresh.id);
    if (!old) continue;
    const open = [...old.querySelectorAll("details")].map((part) => part.open);
    fresh.querySelectorAll("details").forEach((part, index) => (part.open = open[index] ?? false));
    old.replaceWith(fresh);
    fresh.dispatchEvent(new Event("htmx:load", { bubbles: true }));
  }
}

function fill(element, html) {
  element.innerHTML = html;
  element.dispatchEvent(new Event("htmx:load", { bubbles: true }));
}

document.addEventListener("clod:chart", async () => {
  const text = await ask("");
  if (text) renew(text, "#chart-table");
});

if (!new URLSearchParams(location.search).has("cursor")) setInterval(look, LIVE_EVERY_MS);
