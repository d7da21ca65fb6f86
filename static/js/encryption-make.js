// The first half of the ceremony: a key is made here, and saved as a file. The form sends its name and its public half; the private
// half leaves the page in that file only, and is gone with the page.
import { begin, tell } from "./encryption-parts.js";
import { generate, keyFile, publicHalf } from "./jwe.js";

const SHORTEST = 8;
const form = begin(document.querySelector("[data-ceremony]"));
const find = (selector) => form.querySelector(selector);

if (form) {
  find("[data-make]").addEventListener("click", make);
  find("[data-step=make]").addEventListener("keydown", (event) => event.key === "Enter" && (event.preventDefault(), make()));
  find("[data-save]").addEventListener("click", saved);
}

async function make() {
  const [name, passphrase, again] = ["#make-name", "#make-passphrase", "#make-again"].map(find);
  const problem = find("[data-problem]");
  if (!name.reportValidity()) return;
  if (passphrase.value !== again.value) return tell(problem, "The two passphrases differ. Type the same one twice.");
  if (passphrase.value && passphrase.value.length < SHORTEST) return tell(problem, `A passphrase has at least ${SHORTEST} characters; better, several words.`);
  tell(problem, "");
  const button = find("[data-make]");
  button.disabled = true;
  button.textContent = "Making the key…";
  offer(await generate(), passphrase.value);
}

async function offer(jwk, passphrase) {
  const file = new Blob([await keyFile(jwk, passphrase)], { type: "application/octet-stream" });
  const link = find("[data-save]");
  link.href = URL.createObjectURL(file);
  link.download = `clod-key-${jwk.kid.slice(0, 8)}.${passphrase ? "jwe" : "json"}`;
  form.elements.jwk.value = JSON.stringify(publicHalf(jwk));
  find("[data-fingerprint]").replaceChildren(...jwk.kid.match(/.{1,4}/g).flatMap((group) => [grouped(group), " "]));
  find(".fingerprint [data-copy]").dataset.copy = jwk.kid;
  find("[data-file-name]").textContent = link.download + (passphrase ? ", opened with the passphrase" : ", not wrapped with a passphrase");
  for (const field of form.querySelectorAll("input[type=password]")) field.value = "";
  find("[data-step=make]").hidden = true;
  find("[data-step=save]").hidden = false;
  link.focus();
}

function grouped(text) {
  return Object.assign(document.createElement("span"), { textContent: text });
}

function saved() {
  find("[data-continue]").disabled = false;
  find("[data-continue]").classList.add("primary");
  find("[data-save]").classList.remove("primary");
}
