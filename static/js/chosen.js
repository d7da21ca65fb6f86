// What is chosen in a form and was not when it came. What somebody chose before the page's scripts could listen is found so; a browser that
// reloads a page, or goes back to it, chooses again by itself what was chosen there, and that is nothing new.
const isFirstVisit = performance.getEntriesByType("navigation")[0]?.type === "navigate";

export const areChosen = (elements) => [...elements].filter(isChosen);
export const chosenEarly = (elements) => (isFirstVisit ? areChosen(elements) : []);

function isChosen({ type, checked, defaultChecked, options, selectedIndex }) {
  if (type === "select-one") return selectedIndex !== Math.max(0, [...options].findIndex(({ defaultSelected }) => defaultSelected));
  return type === "checkbox" && checked !== defaultChecked;
}
