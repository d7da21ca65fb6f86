// The private keys this page reads with: in its memory until it is left, and chosen from a file wherever [data-key-chooser] stands.
// "clod:keys" on the document says that there are others now.
import { holder, isFor, needsPassphrase, readKeyFile } from "./jwe.js";
import * as store from "./key-store.js";

const MOST_BYTES = 100_000; // a key file has less than one thousand
const inUse = new Map(); // kid: {kid, key, name}

export const held = () => [...inUse.values()];
export const holderFor = (jwe) => held().find(({ kid }) => isFor(jwe, kid));

// What this device remembers of these, unless a key is in use already that opens the same.
export async function recall(kids) {
  if (!kids.length || kids.some((kid) => inUse.has(kid))) return;
  const found = await store.recall(kids);
  if (found) use({ ...found, name: "remembered on this device" });
}

function use(key) {
  inUse.set(key.kid, key);
  changed();
}

async function forget(kid) {
  inUse.delete(kid);
  changed();
  await store.forget(kid).catch(() => null);
}

function changed() {
  document.querySelectorAll("[data-key-chooser]").forEach(draw);
  document.dispatchEvent(new Event("clod:keys"));
}

// --- the chooser -------------------------------------------------------------------------------------

const parts = (chooser) => ({
  form: chooser.querySelector("[data-key-form]"),
  file: chooser.querySelector("input[type=file]"),
  remember: chooser.querySelector("[name=remember]"),
  locked: chooser.querySelector("[data-key-passphrase]"),
  problem: chooser.querySelector(".problem-line"),
  list: chooser.querySelector("[data-keys-in-use]"),
});

export function draw(chooser) {
  const { list } = parts(chooser);
  const template = chooser.querySelector("template");
  list.hidden = !inUse.size;
  list.replaceChildren(...held().map(({ kid, name }) => {
    const line = template.content.firstElementChild.cloneNode(true);
    line.querySelector("b").textContent = name;
    Object.assign(line.querySelector("code"), { textContent: `${kid.slice(0, 8)}…`, title: kid });
    line.querySelector("[data-forget]").dataset.forget = kid;
    return line;
  }));
}

const waiting = new WeakMap(); // chooser: {text, name} of a file that needs its passphrase

async function choose(chooser, file) {
  const { file: input, locked, problem } = parts(chooser);
  problem.textContent = "";
  locked.hidden = true;
  if (!file) return;
  input.value = ""; // the same file may be chosen again
  if (file.size > MOST_BYTES) return (problem.textContent = `${file.name} is too large to be a key file.`);
  const text = await file.text();
  if (!needsPassphrase(text)) return open(chooser, text, file.name);
  waiting.set(chooser, { text, name: file.name });
  locked.hidden = false;
  locked.querySelector("b").textContent = file.name;
  locked.querySelector("input").focus();
}

async function open(chooser, text, name, passphrase = "") {
  const { locked, problem, remember } = parts(chooser);
  problem.textContent = "";
  try {
    const key = await holder(await readKeyFile(text, passphrase));
    if (remember.checked) await store.remember(key, chooser.closest("[data-project]")?.dataset.project ?? "");
    waiting.delete(chooser);
    Object.assign(locked, { hidden: true }).querySelector("input").value = "";
    use({ ...key, name });
  } catch (error) {
    problem.textContent = error.message;
    locked.querySelector("input").select();
  }
}

const chooserOf = ({ target }) => target.closest?.("[data-key-chooser]");

document.addEventListener("change", (event) => {
  if (event.target.type === "file" && chooserOf(event)) choose(chooserOf(event), event.target.files[0]);
});
document.addEventListener("submit", (event) => {
  const chooser = chooserOf(event);
  if (!chooser) return;
  event.preventDefault();
  const { text, name } = waiting.get(chooser) ?? {};
  if (text) open(chooser, text, name, parts(chooser).locked.querySelector("input").value);
});
document.addEventListener("click", ({ target }) => target.closest("[data-forget]") && forget(target.closest("[data-forget]").dataset.forget));
document.addEventListener("dragover", (event) => {
  if (!chooserOf(event) || !event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  chooserOf(event).dataset.dropping = "";
});
document.addEventListener("dragleave", (event) => chooserOf(event) && !chooserOf(event).contains(event.relatedTarget) && delete chooserOf(event).dataset.dropping);
document.addEventListener("drop", (event) => {
  const chooser = chooserOf(event);
  if (!chooser || !event.dataTransfer?.files.length) return;
  event.preventDefault();
  event.stopPropagation();
  delete chooser.dataset.dropping;
  choose(chooser, event.dataTransfer.files[0]);
}, true);
for (const chooser of document.querySelectorAll("[data-key-chooser]")) choose(chooser, parts(chooser).file.files[0]); // before this script could listen
