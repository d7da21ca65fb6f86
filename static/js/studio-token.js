// The short-lived token Studio calls the API with. It lives in this module's memory only, and is renewed before it runs out.
const RENEW_BEFORE_MS = 60_000;
const held = new Map();

export class Refused extends Error {
  constructor(message, code = "", status = 0) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export async function tokenFor(project, csrf) {
  const known = held.get(project);
  if (known && known.until - Date.now() > RENEW_BEFORE_MS) return known.token;
  const answer = await fetch("/studio/token", { method: "POST", headers: { "X-CSRFToken": csrf }, body: new URLSearchParams({ project }) });
  if (answer.redirected) throw new Refused("You are logged out. Log in again to go on.");
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(told.error?.message ?? `The server refused a token (${answer.status}). Reload the page and try again.`, told.error?.code, answer.status);
  held.set(project, { token: told.token, until: Date.parse(told.expires_at) });
  return told.token;
}

export const forget = (project) => held.delete(project);
