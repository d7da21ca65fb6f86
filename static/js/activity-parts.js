// Asking the server for parts of the Activity page, and putting them in their places. Parts are told by their ids.

// { status, text }: 200 with what changed, 204 for nothing new; 0 without an answer, 401 where the log-in page answered instead.
export async function ask(wanted, signal) {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(wanted)) address.searchParams.set(name, value);
  try {
    const answer = await fetch(address, { headers: { "HX-Request": "true" }, signal });
    return { status: answer.redirected ? 401 : answer.status, text: await answer.text() };
  } catch {
    return { status: 0, text: "" };
  }
}

const FOCUSABLE = "summary, a, button, [tabindex]";

export function parse(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

// What the reader has opened, scrolled or focused stays so.
export function replace(fresh) {
  const old = document.getElementById(fresh.id);
  if (!old) return;
  const all = (part, kind) => [...part.querySelectorAll(kind)];
  const open = all(old, "details").map((part) => part.open);
  const scrolled = all(old, ".table-wrap").map((part) => [part.scrollLeft, part.scrollTop]);
  const focused = all(old, FOCUSABLE).indexOf(document.activeElement);
  all(fresh, "details").forEach((part, index) => (part.open = open[index] ?? false));
  old.replaceWith(fresh);
  all(fresh, ".table-wrap").forEach((part, index) => part.scrollTo(...(scrolled[index] ?? [0, 0])));
  all(fresh, FOCUSABLE)[focused]?.focus({ preventScroll: true });
  announce(fresh);
}

export function announce(element) {
  element.dispatchEvent(new Event("htmx:load", { bubbles: true }));
}
