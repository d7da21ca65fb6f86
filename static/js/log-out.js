// Who logs out leaves no remembered key behind on this device, and nothing that was being written in this tab. A browser that is slow
// about the keys is not waited for.
import { forgetAll } from "./key-store.js";

const PATIENCE_MS = 1000;
const DRAFTS = "clod_studio_draft_";

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-log-out]");
  if (!form) return;
  event.preventDefault();
  document.dispatchEvent(new Event("clod:log-out"));
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(DRAFTS)) sessionStorage.removeItem(name);
  await Promise.race([forgetAll().catch(() => {}), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
  form.submit();
});
