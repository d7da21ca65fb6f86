// data-opens="id" opens that <dialog>; data-closes closes the one around it; a click on the backdrop closes it too.
// Links with data-opens keep their address for readers without JavaScript.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  const dialog = opener && document.getElementById(opener.dataset.opens);
  if (dialog && !event.metaKey && !event.ctrlKey) {
    event.preventDefault();
    opener.closest("details.menu")?.removeAttribute("open");
    dialog.showModal();
  }
  if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
  if (event.target instanceof HTMLDialogElement && event.target.open && outside(event) && !holds(event.target)) event.target.close();
});

function outside({ target, clientX, clientY }) {
  const box = target.getBoundingClientRect();
  return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
}

// A dialog that must not lose what it shows (a new key) is closed by its button only, and reloads the page behind it then.
const holds = (dialog) => dialog.querySelector("[data-reload-on-close]");
document.addEventListener("cancel", (event) => holds(event.target) && event.preventDefault(), true);
document.addEventListener("close", (event) => holds(event.target) && location.reload(), true);

// A form with data-confirm-name sends only when the named thing was typed.
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-confirm-name]");
  if (form) form.querySelector("[type=submit]").disabled = event.target.value !== form.dataset.confirmName;
});
