// Adding a key that exists: of a file that is chosen, or of text with a private key in it, only the public half gets into the form.
import { begin, KeyFile, tell } from "./encryption-parts.js";
import { publicHalf } from "./jwe.js";

const form = document.querySelector("[data-import]");
const field = form.elements.jwk;
const told = form.querySelector("[data-told]");
const part = begin(form.querySelector("[data-import-file]"));
const chosen = part && new KeyFile(part, (isReady) => isReady && take());

field.addEventListener("input", keepPublicHalf);
form.addEventListener("submit", keepPublicHalf);

async function take() {
  try {
    const jwk = await chosen.jwk();
    field.value = JSON.stringify(publicHalf(jwk));
    tell(told, jwk.d ? "Only the public half of the file is in the field: the private one stays here." : "");
  } catch (error) {
    tell(told, error.message);
  }
}

function keepPublicHalf() {
  try {
    const jwk = JSON.parse(field.value);
    if (!jwk.d) return;
    field.value = JSON.stringify(publicHalf(jwk));
    tell(told, "That was a private key. Its public half is left in the field; the private one was not sent.");
  } catch {
    // Not JSON (yet): the server says what it should be.
  }
}
