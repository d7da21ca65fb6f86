// Activity: filters apply when chosen, a request opens in the drawer, and new requests arrive by themselves.
const LIVE_EVERY_MS = 4000;
const live = document.getElementById("live");
const drawer = document.getElementById("request-drawer");

document.querySelector(".filters")?.addEventListener("change", (event) => event.currentTarget.requestSubmit());
// An address without its empty parts can be read and shared.
document.querySelector(".filters")?.addEventListener("formdata", ({ formData }) => {
  for (const [name, value] of [...formData]) if (!value || (name === "range" && value === "24h")) formData.delete(name);
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
  const address = new URL(location.href);
  address.searchParams.set("seen", live?.querySelector("[data-seen]")?.dataset.seen ?? "");
  const answer = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (answer?.status !== 200) return;
  if (!live) return location.reload();
  fill(live, await answer.text());
  document.dispatchEvent(new Event("clod:spent"));
}

function fill(element, html) {
  element.innerHTML = html;
  element.dispatchEvent(new Event("htmx:load", { bubbles: true }));
}

if (!new URLSearchParams(location.search).has("cursor")) setInterval(look, LIVE_EVERY_MS);
