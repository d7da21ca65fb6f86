// The short-lived token Studio calls the API with. It lives in this module's memory only, and is renewed before it runs out.
import { post } from "./studio-page.js";

const RENEW_BEFORE_MS = 60_000;
const held = new Map();

// What the API or our own site said no to. ``denied``: the log-in, the role or the project is gone, and no repetition will help.
export class Refused extends Error {
  constructor(message, { code = "", status = 0, denied = false, isLoggedOut = false, resets_at = "" } = {}) {
    super(message);
    Object.assign(this, { code, status, denied, isLoggedOut, resetsAt: resets_at });
  }
}

export async function tokenFor(project) {
  const known = held.get(project);
  if (known && known.until - Date.now() > RENEW_BEFORE_MS) return known.token;
  const answer = await post("/studio/token", new URLSearchParams({ project }), null);
  if (!answer) throw new Refused("The server did not answer. Check the connection and try again.");
  if (answer.redirected) throw new Refused("You are logged out. What you wrote is kept here; log in again to go on.", { denied: true, isLoggedOut: true });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw refusedToken(answer.status, told.error);
  held.set(project, { token: told.token, until: Date.parse(told.expires_at) });
  return told.token;
}

export const forget = (project) => held.delete(project);

function refusedToken(status, error) {
  if (error) return new Refused(error.message, { code: error.code, status, denied: status === 403 });
  if (status === 403) return new Refused("Your log-in has changed. What you wrote is kept here; reload the page to go on.", { status, denied: true });
  if (status === 404) return new Refused("This project is archived or no longer yours. Choose another one.", { status, denied: true });
  return new Refused(`The server refused a token (${status}). Reload the page and try again.`, { status });
}
