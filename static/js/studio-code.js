// "Get code": the next call of a pane as programs, written by our own server.
import { fill, post, toast } from "./studio-page.js";

const dialog = document.getElementById("code-dialog");
const choice = document.getElementById("code-pane");
const streams = document.getElementById("code-stream");
let write = () => {};

export async function showCode(panes, draftOf) {
  choice.replaceChildren(...panes.map((pane, index) => new Option(pane.name, index)));
  dialog.querySelector("[data-code-panes]").hidden = panes.length < 2;
  write = () => written({ ...panes[choice.value].body(draftOf(panes[choice.value])), ...(streams.checked && { stream: true }) });
  if (await write()) dialog.showModal();
}

async function written(body) {
  const answer = await post("/studio/code", JSON.stringify(body));
  if (!answer?.ok || answer.redirected) {
    const told = await answer?.json().catch(() => null);
    toast(told?.error?.message ?? "The code could not be written. Reload the page and try again.", "bad");
    return false;
  }
  fill(dialog.querySelector("[data-code]"), await answer.text());
  return true;
}

for (const control of [choice, streams]) control.addEventListener("change", () => write());
