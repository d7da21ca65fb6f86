// On a narrow screen one pane is shown at a time, and a tab for each stands above them.
const bar = document.querySelector(".pane-tabs");
const panes = document.getElementById("panes");

// One that is new is the one to look at.
export function reveal(list, pane) {
  for (const { element } of list) delete element.dataset.shown;
  pane.element.dataset.shown = "";
}

export function drawTabs(list) {
  const shown = Math.max(list.findIndex(({ element }) => "shown" in element.dataset), 0);
  bar.hidden = list.length < 2;
  bar.replaceChildren(...list.map((pane, index) => tab(list, pane, index)));
  show(list, shown);
}

function tab(list, pane, index) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: pane.name || "No model" });
  button.setAttribute("role", "tab");
  if (pane.busy) button.dataset.busy = "";
  button.addEventListener("click", () => show(list, index));
  button.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = (index + step + list.length) % list.length;
    show(list, next);
    bar.children[next].focus();
  });
  return button;
}

function show(list, chosen) {
  list.forEach(({ element }, index) => {
    if (index === chosen) element.dataset.shown = "";
    else delete element.dataset.shown;
    bar.children[index].setAttribute("aria-selected", index === chosen);
    bar.children[index].tabIndex = index === chosen ? 0 : -1;
  });
  panes.dataset.count = list.length;
}
