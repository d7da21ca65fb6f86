// The top bar's facts (where requests go, free requests left, the wallet): renewed after a request ("clod:spent"), when the reader comes
// back to the page, and every minute. "clod:facts" tells that they are.
const EVERY_MS = 60_000;

async function renew() {
  const shown = document.querySelector("[data-facts]");
  if (document.hidden || !shown || shown.contains(document.activeElement)) return;
  const answer = await fetch("/frame/facts").catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-facts]");
  if (!fresh) return;
  shown.replaceWith(fresh);
  document.dispatchEvent(new Event("clod:facts"));
}

setInterval(renew, EVERY_MS);
document.addEventListener("clod:spent", renew);
addEventListener("focus", renew);
