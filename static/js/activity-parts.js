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

export function parse(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

// What the reader has opened stays open.
export function replace(fresh) {
  const old = document.getElementById(fresh.id);
  if (!old) return;
  const open = [...old.querySelectorAll("details")].map((part) => part.open);
  fresh.querySelectorAll("details").forEach((part, index) => (part.open = open[index] ?? false));
  old.replaceWith(fresh);
  announce(fresh);
}

export function announce(element) {
  element.dispatchEvent(new Event("htmx:load", { bubbles: true }));
}
