// Colour theme and rail width: remembered in cookies, so the server's first paint is already right.
const root = document.documentElement;
root.dataset.js = "";

function remember(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
}

document.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-theme-choice]");
  if (choice) {
    event.preventDefault();
    const theme = choice.dataset.themeChoice;
    remember("clod_theme", theme);
    root.dataset.theme = theme;
    for (const other of document.querySelectorAll("[data-theme-choice]")) other.setAttribute("aria-pressed", other.dataset.themeChoice === theme);
    document.dispatchEvent(new CustomEvent("clod:theme", { detail: theme }));
  }
  if (event.target.closest("[data-rail-toggle]")) {
    root.dataset.rail = root.dataset.rail === "narrow" ? "wide" : "narrow";
    remember("clod_rail", root.dataset.rail);
  }
});
