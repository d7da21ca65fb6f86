// <time data-relative datetime="…">: "3 minutes ago", and the exact instant in the viewer's zone on hover and on paper.
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const STEPS = [["second", 60], ["minute", 60], ["hour", 24], ["day", 30], ["month", 12], ["year", Infinity]];

function words(instant) {
  let amount = (instant - Date.now()) / 1000;
  if (Math.abs(amount) < 10) return "just now";
  for (const [unit, size] of STEPS) {
    if (Math.abs(amount) < size) return relative.format(Math.round(amount), unit);
    amount /= size;
  }
}

function refresh(scope = document) {
  for (const time of scope.querySelectorAll("time[data-relative]")) {
    const instant = new Date(time.dateTime);
    time.textContent = words(instant);
    time.title = exact.format(instant);
  }
}

function spell() {
  for (const time of document.querySelectorAll("time[data-relative]")) time.textContent = exact.format(new Date(time.dateTime));
}

refresh();
setInterval(refresh, 30_000);
addEventListener("beforeprint", spell);
addEventListener("afterprint", () => refresh());
document.addEventListener("htmx:load", (event) => refresh(event.target));
