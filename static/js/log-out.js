// Who logs out leaves no remembered key behind on this device. A browser that is slow about it is not waited for.
import { forgetAll } from "./key-store.js";

const PATIENCE_MS = 1000;

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-log-out]");
  if (!form) return;
  event.preventDefault();
  await Promise.race([forgetAll().catch(() => {}), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
  form.submit();
});
