// Long text beside the prompt: browsers take half a minute to lay out a million characters in a field, and nobody edits them there.
import { clone, controls } from "./studio-page.js";

const LONG = 30_000; // characters
const strip = document.getElementById("pasted");
let kept = [];
let changed = () => {};

export const isLong = (text) => text.length > LONG;
export const withPasted = (text) => [text, ...kept].filter(Boolean).join("\n\n");

export function takePasted(tell) {
  changed = tell;
  document.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!isLong(text) || !event.target.matches?.("[name=prompt], [data-own-prompt]")) return;
    event.preventDefault();
    kept.push(text);
    draw();
  });
  strip.addEventListener("click", ({ target }) => {
    const index = [...strip.children].indexOf(target.closest("button")?.parentElement);
    if (index < 0) return;
    kept.splice(index, 1);
    draw();
    controls.prompt.focus();
  });
}

export function keepPasted(texts) {
  kept = texts;
  draw();
}

function draw() {
  strip.hidden = !kept.length;
  strip.replaceChildren(...kept.map((text) => {
    const chip = clone("pasted-template");
    chip.querySelector("span").textContent = `Pasted text, ${text.length.toLocaleString("en-US")} characters`;
    return chip;
  }));
  changed();
}
