// Keyboard: ⌘K or Ctrl K opens the palette, "/" focuses the page's search, "g" then a letter goes to a section, "?" shows the keys.
const palette = document.getElementById("palette");
const input = palette?.querySelector("input");
const items = [...(palette?.querySelectorAll(".menu-item") ?? [])];
let going = 0;

if (!/Mac|iPhone|iPad/.test(navigator.platform)) for (const hint of document.querySelectorAll("[data-modifier]")) hint.textContent = "Ctrl K";

const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    palette?.open ? palette.close() : open();
    return;
  }
  if (event.metaKey || event.ctrlKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "/") {
    event.preventDefault();
    (document.querySelector("[data-search]") ?? { focus: open }).focus();
  } else if (event.key === "?") {
    document.getElementById("shortcuts")?.showModal();
  } else if (event.key === "g") {
    going = Date.now();
  } else if (Date.now() - going < 1200) {
    going = 0;
    document.querySelector(`[data-go="${CSS.escape(event.key)}"]`)?.click();
  }
});

function open() {
  if (!palette) return;
  input.value = "";
  filter();
  palette.showModal();
}

function filter() {
  const words = input.value.toLowerCase().split(/\s+/);
  for (const item of items) item.hidden = !words.every((word) => item.textContent.toLowerCase().includes(word));
  select(items.find((item) => !item.hidden));
  palette.querySelector("[data-nothing]").hidden = items.some((item) => !item.hidden);
}

function select(chosen) {
  for (const item of items) item.setAttribute("aria-selected", item === chosen);
  chosen?.scrollIntoView({ block: "nearest" });
  if (chosen) input.setAttribute("aria-activedescendant", chosen.id);
  else input.removeAttribute("aria-activedescendant");
}

input?.addEventListener("input", filter);
input?.addEventListener("keydown", (event) => {
  const shown = items.filter((item) => !item.hidden);
  const at = shown.findIndex((item) => item.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    select(shown.at((at + (event.key === "ArrowDown" ? 1 : -1)) % shown.length));
  } else if (event.key === "Enter") {
    event.preventDefault();
    shown[at]?.click();
  }
});
document.addEventListener("click", (event) => event.target.closest("[data-palette]") && open());
