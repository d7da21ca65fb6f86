// The menu of columns: what is not ticked is hidden in the table, now and on the next visit (a cookie the server reads).
const menu = document.querySelector("[data-columns]");

menu?.removeAttribute("hidden");
menu?.addEventListener("change", () => {
  const names = [...menu.querySelectorAll("input:not(:checked)")].map((box) => box.value);
  const safe = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `clod_hidden_columns=${names.join(".")}; path=/activity; max-age=31536000; samesite=lax${safe}`;
  document.querySelector("table.requests")?.setAttribute("data-hides", names.join(" "));
});
