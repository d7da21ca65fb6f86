// The second half of the ceremony: the key file opens the challenge in this page, and what was inside is sent. The file, the passphrase
// and the key have no name in the form, and are not.
import { begin, KeyFile, tell } from "./encryption-parts.js";
import { holder, open } from "./jwe.js";
import { remember } from "./key-store.js";

const form = begin(document.querySelector("[data-prove]"));
const data = (id) => JSON.parse(document.getElementById(id).textContent);

if (form) {
  const file = new KeyFile(form.querySelector("[data-key-file]"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    prove(file);
  });
}

async function prove(file) {
  const button = form.querySelector("button.primary");
  const problem = form.querySelector("[data-problem]");
  button.disabled = true;
  tell(problem, "");
  try {
    const boundTo = data("bound-to");
    const key = await holder(await file.jwk());
    if (key.kid !== boundTo.kid) throw new Error(`This file holds another key: its fingerprint begins with ${key.kid.slice(0, 8)}.`);
    form.elements.answer.value = (await open(JSON.parse(data("challenge")), key, boundTo)).nonce;
    if (form.querySelector("[data-remember]").checked) await remember(key, boundTo.project);
    form.submit();
  } catch (error) {
    tell(problem, error.message);
    button.disabled = false;
  }
}
