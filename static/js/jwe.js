// Sealed bodies and their keys, with WebCrypto alone: JWE General JSON, ECDH-ES+A256KW on P-256, A256GCM (docs/encryption.md). A private
// key is a CryptoKey, or a JWK in this page's memory; nothing here sends anything. Whatever does not fit throws an Error for a person.
const ALG = "ECDH-ES+A256KW";
const WRAP = { name: "AES-KW", length: 256 };
const ECDH = { name: "ECDH", namedCurve: "P-256" };
const PASSPHRASE = { alg: "PBES2-HS512+A256KW", enc: "A256GCM", cty: "jwk+json" };
const FEWEST_ROUNDS = 600_000;
const MOST_ROUNDS = 10_000_000;
const utf8 = new TextEncoder();
const text = (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
const { subtle } = crypto;

// --- keys --------------------------------------------------------------------------------------------

// A new private JWK; its kid is its thumbprint.
export async function generate() {
  const pair = await subtle.generateKey(ECDH, true, ["deriveBits"]);
  const { kty, crv, x, y, d } = await subtle.exportKey("jwk", pair.privateKey);
  return { kty, crv, x, y, d, use: "enc", alg: ALG, kid: await thumbprint({ kty, crv, x, y }) };
}

// RFC 7638, SHA-256.
export async function thumbprint({ crv, kty, x, y }) {
  return b64(await subtle.digest("SHA-256", utf8.encode(JSON.stringify({ crv, kty, x, y }))));
}

export const publicHalf = ({ kty, crv, x, y }) => ({ kty, crv, x, y });

// {kid, key}: what "open" takes, of a private JWK. The key can be kept by the browser, but not read out again.
export async function holder(jwk) {
  if (jwk?.kty !== "EC" || jwk.crv !== "P-256") throw new Error("This is no key of sealed logs: those are EC keys on P-256.");
  if (!jwk.d) throw new Error("This is the public half of a key. Choose the file with the private one.");
  try {
    const key = await subtle.importKey("jwk", { ...publicHalf(jwk), d: jwk.d }, ECDH, false, ["deriveBits"]);
    return { kid: await thumbprint(jwk), key };
  } catch {
    throw new Error("The key in this file is damaged: its parts do not belong together.");
  }
}

// The file a key is kept in: the JWK as it is, or wrapped with a passphrase as an encrypted JWK (RFC 7517, 7; PBES2).
export async function keyFile(jwk, passphrase = "") {
  if (!passphrase) return `${JSON.stringify(jwk, null, 2)}\n`;
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const header = b64(utf8.encode(JSON.stringify({ ...PASSPHRASE, p2s: b64(salt), p2c: FEWEST_ROUNDS })));
  const contentKey = await subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt"]);
  const wrapped = await subtle.wrapKey("raw", contentKey, await wrapping(passphrase, salt, FEWEST_ROUNDS), "AES-KW");
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = new Uint8Array(await subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8.encode(header) }, contentKey, utf8.encode(JSON.stringify(jwk))));
  return `${[header, b64(wrapped), b64(iv), b64(sealed.slice(0, -16)), b64(sealed.slice(-16))].join(".")}\n`;
}

export const needsPassphrase = (file) => file.trim().split(".").length === 5 && !file.trim().startsWith("{");

// The JWK in a key file.
export async function readKeyFile(file, passphrase = "") {
  if (!needsPassphrase(file)) {
    try {
      return JSON.parse(file);
    } catch {
      throw new Error("This file holds no key: it is neither a JWK nor one wrapped with a passphrase.");
    }
  }
  const [header, wrapped, iv, ciphertext, tag] = file.trim().split(".");
  const told = json(header);
  if (told.alg !== PASSPHRASE.alg || told.enc !== PASSPHRASE.enc) throw new Error(`This key file is wrapped with ${told.alg}, which cannot be opened here.`);
  if (!(told.p2c >= 1000 && told.p2c <= MOST_ROUNDS)) throw new Error("This key file asks for a number of rounds that cannot be right.");
  try {
    const contentKey = await subtle.unwrapKey("raw", unb64(wrapped), await wrapping(passphrase, unb64(told.p2s), told.p2c), "AES-KW", "AES-GCM", false, ["decrypt"]);
    return JSON.parse(text(await subtle.decrypt({ name: "AES-GCM", iv: unb64(iv), additionalData: utf8.encode(header) }, contentKey, joined(unb64(ciphertext), unb64(tag)))));
  } catch {
    throw new Error("The passphrase does not open this key file.");
  }
}

async function wrapping(passphrase, salt, rounds) {
  const base = await subtle.importKey("raw", utf8.encode(passphrase), "PBKDF2", false, ["deriveKey"]);
  const salted = joined(utf8.encode(PASSPHRASE.alg), new Uint8Array([0]), salt); // RFC 7518, 4.8.1.1
  return subtle.deriveKey({ name: "PBKDF2", hash: "SHA-512", salt: salted, iterations: rounds }, base, WRAP, false, ["wrapKey", "unwrapKey"]);
}

// --- bodies ------------------------------------------------------------------------------------------

// The document in a sealed body: parsed JSON. "expected" is what it must be bound to: every member is compared with its AAD.
export async function open(jwe, { kid, key }, expected) {
  const { protected: head, aad, iv, ciphertext, tag } = parts(jwe);
  check(jwe, expected);
  const contentKey = await unwrapped(jwe, kid, key, false);
  let plain;
  try {
    plain = await subtle.decrypt({ name: "AES-GCM", iv: unb64(iv), additionalData: utf8.encode(`${head}.${aad}`) }, contentKey, joined(unb64(ciphertext), unb64(tag)));
  } catch {
    throw new Error("This body has been changed since it was sealed: it does not open.");
  }
  return JSON.parse(text(plain));
}

// The same body with one recipient more: its content key is wrapped once more, nothing else changes. Needs a key that opens it.
export async function shared(jwe, { kid, key }, jwk, expected) {
  await open(jwe, { kid, key }, expected);
  const contentKey = await unwrapped(jwe, kid, key, true);
  const own = await subtle.generateKey(ECDH, true, ["deriveBits"]);
  const theirs = await subtle.importKey("jwk", publicHalf(jwk), ECDH, true, []);
  const wrapped = await subtle.wrapKey("raw", contentKey, await agreed(own.privateKey, theirs, ["wrapKey"]), "AES-KW");
  const epk = publicHalf(await subtle.exportKey("jwk", own.publicKey));
  return { header: { alg: ALG, kid: await thumbprint(jwk), epk }, encrypted_key: b64(wrapped) };
}

// Whether a body has a recipient with this kid.
export const isFor = (jwe, kid) => jwe.recipients?.some((each) => each.header?.kid === kid) ?? false;

function check(jwe, expected) {
  const bound = json(jwe.aad);
  for (const [name, value] of Object.entries(expected)) {
    if (bound[name] !== value) throw new Error(`This body belongs to another ${name}: it was moved here.`);
  }
  const { enc, kids } = json(jwe.protected);
  if (enc !== "A256GCM" || !Array.isArray(kids)) throw new Error("This body is sealed in a way that is not ours.");
  const missing = kids.find((kid) => !isFor(jwe, kid));
  if (missing) throw new Error(`A recipient was taken out of this body: ${missing}.`);
}

function parts(jwe) {
  const isWhole = jwe && ["protected", "aad", "iv", "ciphertext", "tag"].every((name) => typeof jwe[name] === "string") && Array.isArray(jwe.recipients);
  if (!isWhole) throw new Error("This is no sealed body.");
  return jwe;
}

async function unwrapped(jwe, kid, key, isExtractable) {
  const mine = jwe.recipients.find((each) => each.header?.kid === kid);
  if (!mine) throw new Error("This body is not sealed to your key.");
  if (mine.header.alg !== ALG) throw new Error("This body is sealed in a way that is not ours.");
  try {
    const theirs = await subtle.importKey("jwk", publicHalf(mine.header.epk), ECDH, true, []);
    return await subtle.unwrapKey("raw", unb64(mine.encrypted_key), await agreed(key, theirs, ["unwrapKey"]), "AES-KW", "AES-GCM", isExtractable, ["decrypt"]);
  } catch {
    throw new Error("Your key does not open this body: what was wrapped for it has been changed.");
  }
}

// ECDH, then the Concat KDF of RFC 7518, 4.6.2: one round of SHA-256.
async function agreed(own, theirs, uses) {
  const shared_ = await subtle.deriveBits({ name: "ECDH", public: theirs }, own, 256);
  const known = joined(counted(utf8.encode(ALG)), counted(new Uint8Array()), counted(new Uint8Array()), number(256));
  const derived = await subtle.digest("SHA-256", joined(number(1), new Uint8Array(shared_), known));
  return subtle.importKey("raw", derived, WRAP, false, uses);
}

// --- bytes -------------------------------------------------------------------------------------------

export function b64(data) {
  const bytes = new Uint8Array(data);
  let binary = "";
  for (let at = 0; at < bytes.length; at += 32_768) binary += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function unb64(value) {
  if (typeof value !== "string" || !/^[\w-]*$/.test(value)) throw new Error("This is no sealed body.");
  return Uint8Array.from(atob(value.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
}

function json(part) {
  try {
    return JSON.parse(text(unb64(part)));
  } catch {
    throw new Error("This is no sealed body.");
  }
}

const number = (value) => new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value]);
const counted = (bytes) => joined(number(bytes.length), bytes);

function joined(...several) {
  const all = new Uint8Array(several.reduce((size, each) => size + each.length, 0));
  let at = 0;
  for (const each of several) {
    all.set(each, at);
    at += each.length;
  }
  return all;
}
