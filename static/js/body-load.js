// What was said in a request, from our own site: plain, or sealed and opened here. Nothing that was opened is sent anywhere.
import { held, holderFor } from "./body-keys.js";
import { open } from "./jwe.js";

// {request, project, sealed, jwe or body}, or {why}; throws an Error for a person.
export async function load(request, signal) {
  const answer = await fetch(`/activity/${encodeURIComponent(request)}/body`, { signal }).catch((error) => {
    throw signal?.aborted ? error : new Error("The server did not answer. Try again in a moment.");
  });
  if (answer.redirected) throw new Error("You are logged out. Log in again, then reload the page.");
  if (!answer.ok) throw new Error(`What was said could not be loaded (${answer.status}). Reload the page and try again.`);
  return { ...(await answer.json()), request }; // what it has to be bound to is what was asked for
}

// The document in it. Throws where there is none, where no key in use opens it, and where it does not fit.
export async function read({ request, project, sealed, jwe, body, why }) {
  if (why) throw new Error(why);
  if (!sealed) return body ?? fail("What is stored is damaged: it is no JSON.");
  const key = holderFor(jwe ?? {}) ?? fail(held().length ? "This body is not sealed to your key." : "It is sealed, and no key is in use. Choose one.");
  return open(jwe, key, { project, request, v: 1 });
}

function fail(text) {
  throw new Error(text);
}

// Every text that was said, in the order it stands there.
export function texts(value) {
  if (typeof value === "string") return [value];
  return value && typeof value === "object" ? Object.values(value).flatMap(texts) : [];
}
