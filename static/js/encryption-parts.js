// What the pages of the ceremony have in common: whether the browser can do it, a chosen key file, a problem that is told.
import { needsPassphrase, readKeyFile } from "./jwe.js";

const LARGEST_BYTES = 20_000;

// WebCrypto is there over https and on localhost only. Without it the page's notice is shown, and what needs it stays hidden.
export function begin(part) {
  const isAble = Boolean(crypto.subtle);
  if (part) part.hidden = !isAble;
  for (const notice of document.querySelectorAll("[data-insecure]")) notice.hidden = isAble;
  return isAble && part;
}

export function tell(place, text) {
  place.textContent = text;
  place.hidden = !text;
}

// A file field and the passphrase it may need (templates/projects/_key_file.html).
export class KeyFile {
  constructor(part, changed = () => {}) {
    this.file = part.querySelector("input[type=file]");
    this.passphrase = part.querySelector("input[type=password]");
    this.asks = part.querySelector("[data-needs-passphrase]");
    this.file.addEventListener("change", async () => {
      this.asks.hidden = !needsPassphrase(await this.text().catch(() => ""));
      this.passphrase.value = "";
      if (!this.asks.hidden) this.passphrase.focus();
      changed(this.asks.hidden);
    });
    this.passphrase.addEventListener("change", () => changed(true));
  }

  // The JWK in the file; throws an Error for a person.
  async jwk() {
    const file = await this.text();
    if (needsPassphrase(file) && !this.passphrase.value) throw new Error("This file is wrapped with a passphrase. Type it.");
    return readKeyFile(file, this.passphrase.value);
  }

  async text() {
    const [chosen] = this.file.files;
    if (!chosen) throw new Error("Choose the key file first.");
    if (chosen.size > LARGEST_BYTES) throw new Error("This file is too large to be a key.");
    return chosen.text();
  }
}
