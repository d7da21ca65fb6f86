// <div data-tabs> with role=tab buttons and as many role=tabpanel: one panel is shown. Without JavaScript all are.
// The language chosen is remembered for the visit, so every page opens with it.
const MEMORY = "clod_language";

function show(group, chosen) {
  const panels = group.querySelectorAll("[role=tabpanel]");
  group.querySelectorAll("[role=tab]").forEach((tab, index) => {
    tab.setAttribute("aria-selected", tab === chosen);
    tab.tabIndex = tab === chosen ? 0 : -1;
    panels[index].hidden = tab !== chosen;
  });
}

function pick(tab) {
  show(tab.closest("[data-tabs]"), tab);
  sessionStorage.setItem(MEMORY, tab.textContent);
}

function prepare(scope) {
  for (const group of scope.querySelectorAll("[data-tabs]")) {
    const tabs = [...group.querySelectorAll("[role=tab]")];
    show(group, tabs.find((tab) => tab.textContent === sessionStorage.getItem(MEMORY)) ?? tabs[0]);
  }
}

document.addEventListener("click", (event) => {
  const tab = event.target.closest("[data-tabs] [role=tab]");
  if (tab) pick(tab);
});
document.addEventListener("keydown", (event) => {
  const tab = event.target.closest?.("[data-tabs] [role=tab]");
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!tab || !step) return;
  const tabs = [...tab.parentElement.children];
  const next = tabs.at((tabs.indexOf(tab) + step) % tabs.length);
  pick(next);
  next.focus();
});
document.addEventListener("htmx:load", (event) => prepare(event.target));
prepare(document);
