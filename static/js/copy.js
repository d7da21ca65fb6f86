// <button class="copy" data-copy="text"> copies its text; inside .code it copies the <pre>.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = button.dataset.copy || button.closest(".code")?.querySelector("pre").innerText || "";
  try {
    await navigator.clipboard.writeText(text);
    button.dataset.done = "";
    setTimeout(() => delete button.dataset.done, 1600);
  } catch {
    document.dispatchEvent(new CustomEvent("clod:toast", { detail: { text: "The browser did not allow copying. Select the text instead.", tone: "warn" } }));
  }
});
