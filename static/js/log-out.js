// Who logs out leaves no remembered key behind on this device, and nothing that was being written in any of its tabs. A browser that is
// slow about the keys is not waited for.
import { forgetAll } from "./key-store.js";

const PATIENCE_MS = 1000;
const DRAFTS = "clod_studio_draft_";

const tabs = new BroadcastChannel("clod");
tabs.addEventListener("message", ({ data }) => data === "log-out" && forgetDrafts());

function forgetDrafts() {
  document.dispatchEvent(new Event("clod:log-out"));
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(DRAFTS)) sessionStorage.removeItem(name);
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-log-out]");
  if (!form) return;
  event.preventDefault();
  forgetDrafts();
  tabs.postMessage("log-out");
  await Promise.race([forgetAll().catch(() => {}), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
  form.submit();
});
