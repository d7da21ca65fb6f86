// Adding a key that exists: of a file that is chosen, or of text with a private key in it, only what is public is left in the form,
// and text that is no JWK, which may be a private key in another format, is not sent.
import { begin, KeyFile, tell } from "./encryption-parts.js";

const PRIVATE = new Set(["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"]); // as in clod_site/lib/jwe.py
const form = document.querySelector("[data-import]");
const field = form.elements.jwk;
const told = form.querySelector("[data-told]");
const part = begin(form.querySelector("[data-import-file]"));
const chosen = part && new KeyFile(part, (isReady) => { tell(told, ""); if (isReady) take(); });

field.addEventListener("input", () => put(read(), "That was a private key. Its public half is left in the field; the private one was not sent."));
form.addEventListener("submit", (event) => {
  if (read()) return;
  event.preventDefault();
  tell(told, 'This is no JWK, so it was not sent. A public key looks like {"kty": "EC", "crv": "P-256", "x": "…", "y": "…"}.');
});

async function take() {
  try {
    const jwk = await chosen.jwk();
    field.value = JSON.stringify(jwk);
    put(jwk, "Only the public half of the file is in the field: the private one stays here.");
  } catch (error) {
    tell(told, error.message);
  }
}

function put(jwk, warning) {
  const isPrivate = jwk && Object.keys(jwk).some((name) => PRIVATE.has(name));
  tell(told, isPrivate ? warning : "");
  if (isPrivate) field.value = JSON.stringify(Object.fromEntries(Object.entries(jwk).filter(([name]) => !PRIVATE.has(name))));
}

// The object in the field; null for anything else.
function read() {
  try {
    const jwk = JSON.parse(field.value);
    return jwk && typeof jwk === "object" && !Array.isArray(jwk) ? jwk : null;
  } catch {
    return null;
  }
}
