// Toasts: the server's messages are already in the page; modules add theirs with a "clod:toast" event {text, tone, undo}.
const shelf = document.getElementById("toasts");

document.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest(".toast").remove());
document.addEventListener("clod:toast", ({ detail }) => show(detail.text, detail.tone, detail.undo));
document.addEventListener("htmx:sendError", () => show("The server did not answer. Check the connection and try again.", "bad"));
document.addEventListener("htmx:responseError", ({ detail }) => show(`The server refused (${detail.xhr.status}). Reload the page and try again.`, "bad"));
for (const toast of shelf?.children ?? []) leave(toast);

function show(text, tone = "info", undo = null) {
  if (!shelf) return;
  const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  toast.querySelector(".dot").classList.add(tone);
  toast.querySelector("span.text").textContent = text;
  const back = toast.querySelector("[data-undo]");
  if (undo) back.addEventListener("click", () => { toast.remove(); undo(); });
  else back.remove();
  shelf.append(toast);
  leave(toast);
}

// Refusals stay until they are dismissed; what can be undone stays long enough to read it and decide.
function leave(toast) {
  if (!toast.querySelector(".dot.bad")) setTimeout(() => toast.remove(), toast.querySelector("form, [data-undo]") ? 20_000 : 6000);
}
