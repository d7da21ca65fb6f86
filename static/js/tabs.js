// <div data-tabs> with role=tab buttons and as many role=tabpanel: one panel is shown. Without JavaScript all are.
// The language chosen is remembered for the visit, so every page opens with it.
for (const group of document.querySelectorAll("[data-tabs]")) {
  const tabs = [...group.querySelectorAll("[role=tab]")];
  const panels = [...group.querySelectorAll("[role=tabpanel]")];
  const show = (chosen) => tabs.forEach((tab, index) => {
    tab.setAttribute("aria-selected", tab === chosen);
    tab.tabIndex = tab === chosen ? 0 : -1;
    panels[index].hidden = tab !== chosen;
  });
  const pick = (tab) => {
    show(tab);
    sessionStorage.setItem("clod_language", tab.textContent);
  };
  show(tabs.find((tab) => tab.textContent === sessionStorage.getItem("clod_language")) ?? tabs[0]);
  group.addEventListener("click", (event) => event.target.closest("[role=tab]") && pick(event.target));
  group.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(event.target);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (at < 0 || !step) return;
    const next = tabs.at((at + step) % tabs.length);
    pick(next);
    next.focus();
  });
}
