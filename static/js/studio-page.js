// What all of Studio's modules need of the page: its data, how to ask our own site, and how to tell the reader something.
export const data = JSON.parse(document.getElementById("studio-data").textContent);
export const form = document.getElementById("studio-form");
// What was sealed and is open here: it is in no draft, no history, and in no question about its price before it is sent.
export const opened = { isSealed: false };

export const controls = form.elements;
const MEASURED = 20_000; // characters
export const modelOf = (slug) => data.models.find((model) => model.slug === slug);

// The cookie is newer than the form's field once somebody has logged in again in another tab.
const csrf = () => document.cookie.match(/(?:^|; )clod_csrf=([^;]+)/)?.[1] ?? controls.csrfmiddlewaretoken.value;

// A POST to our own site: a Response, or null when it does not answer.
export function post(path, body, type = "application/json") {
  return fetch(path, { method: "POST", headers: { "X-CSRFToken": csrf(), ...(type && { "Content-Type": type }) }, body }).catch(() => null);
}

// undo() takes back what the toast tells.
export function toast(text, tone = "info", undo = null) {
  document.dispatchEvent(new CustomEvent("clod:toast", { detail: { text, tone, undo } }));
}

// For screen readers: starts, ends and errors, never each token.
export function say(text) {
  document.getElementById("studio-says").textContent = text;
}

export function clone(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

// Puts HTML of our own server into an element and lets the page's modules know.
export function fill(element, html) {
  element.innerHTML = html;
  element.dispatchEvent(new Event("htmx:load", { bubbles: true }));
}

// As tall as its text, up to a limit; what is long has reached it, and need not be laid out to know. Set through the CSSOM: the page's
// policy has no room for style attributes.
export function grow(area, most = 240) {
  area.style.height = "auto";
  area.style.height = `${area.value.length > MEASURED ? most : Math.min(area.scrollHeight + 2, most)}px`;
}

export const mib = (bytes) => (bytes / 1024 / 1024).toFixed(1);

export function debounced(work, ms) {
  let timer = 0;
  return () => { clearTimeout(timer); timer = setTimeout(work, ms); };
}
