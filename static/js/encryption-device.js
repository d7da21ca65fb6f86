// On a project's Encryption page: which of its recipients' private keys this device remembers, and a button that forgets them.
import { forget, recall } from "./key-store.js";

for (const row of document.querySelectorAll("[data-kid]")) show(row);

async function show(row) {
  const line = row.querySelector("[data-on-this-device]");
  if (!line || !(await recall([row.dataset.kid]))) return;
  line.hidden = false;
  line.querySelector("[data-forget]").addEventListener("click", async () => {
    await forget(row.dataset.kid);
    line.hidden = true;
  });
}
