// <time data-local datetime="…"> as the reader's own clock shows it; an element data-zone says which zone that is.
const shape = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

for (const time of document.querySelectorAll("time[data-local]")) time.textContent = shape.format(new Date(time.dateTime)).replace(",", "");
for (const zone of document.querySelectorAll("[data-zone]")) zone.textContent = ` (${shape.resolvedOptions().timeZone})`;
