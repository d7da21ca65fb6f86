// Older bodies for a new recipient: page by page, newest first, each body's content key is wrapped once more with a key in use here.
// It can be stopped at any time; what was done stays done, and the next run goes on with what is left.
import { draw, held, holderFor, recall } from "./body-keys.js";
import { shared } from "./jwe.js";

const page = document.querySelector("[data-share]");
const part = (name) => page.querySelector(`[data-share-${name}]`);
const [go, stop, bar, count, told, whys] = ["go", "stop", "bar", "count", "told", "whys"].map(part);
const { project, kid, jwk } = JSON.parse(document.getElementById("share-data").textContent);
const address = `/projects/${project}/encryption/share`;
const many = (number) => `${number.toLocaleString("en")} ${number === 1 ? "body" : "bodies"}`;
let running = null;

async function run() {
  running = new AbortController();
  const { signal } = running;
  const tally = { seen: 0, added: 0, whys: new Map() };
  drawRun(true);
  tell(tally, "Working …");
  try {
    for (let cursor = ""; cursor !== null && !signal.aborted; ) cursor = await next(cursor, tally, signal);
    tell(tally, signal.aborted ? "Stopped." : "Done.");
    go.hidden = !signal.aborted && !tally.whys.size;
  } catch (error) {
    tell(tally, signal.aborted ? "Stopped." : `Stopped: ${error.message}`);
  }
  running = null;
  drawRun(false);
}

// One page of bodies; the cursor of the next, null after the last.
async function next(cursor, tally, signal) {
  const { data, next_cursor } = await asked(fetch(`${address}/bodies?kid=${kid}&cursor=${cursor}`, { signal }));
  const entries = [];
  for (const { request, jwe } of data) {
    if (signal.aborted) break;
    try {
      entries.push({ request, recipient: await wrapped(request, jwe) });
    } catch (error) {
      missed(tally, error.message);
    }
    tally.seen += 1;
    tell(tally, "Working …");
  }
  if (entries.length) await send(entries, tally);
  return next_cursor;
}

function wrapped(request, jwe) {
  const key = holderFor(jwe ?? {});
  if (!key) throw new Error("This body is not sealed to your key.");
  return shared(jwe, key, jwk, { project, request, v: 1 });
}

// What was wrapped is sent even if the run was stopped meanwhile.
async function send(entries, tally) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": document.cookie.match(/(?:^|; )clod_csrf=([^;]+)/)?.[1] ?? "" };
  const { added, refused } = await asked(fetch(`${address}/entries`, { method: "POST", headers, body: JSON.stringify({ kid, entries }) }));
  tally.added += added;
  for (const { why } of refused) missed(tally, why);
}

async function asked(fetching) {
  const answer = await fetching.catch((error) => {
    throw error.name === "AbortError" ? error : new Error("The server did not answer. Go on in a moment.");
  });
  if (answer.redirected) throw new Error("You are logged out. Reload the page, log in, then go on.");
  const body = await answer.json().catch(() => null);
  if (!answer.ok || !body) throw new Error(body?.error?.message ?? `The server refused (${answer.status}). Reload the page, then go on.`);
  return body;
}

function missed(tally, why) {
  tally.whys.set(why, (tally.whys.get(why) ?? 0) + 1);
}

function tell(tally, state) {
  const most = bar.querySelector("progress");
  most.max = Math.max(most.max, tally.seen);
  most.value = tally.seen;
  count.textContent = `${tally.seen.toLocaleString("en")} of ${most.max.toLocaleString("en")}`;
  told.textContent = `${state} Added to ${many(tally.added)}.`;
  whys.replaceChildren(...[...tally.whys].map(([why, number]) => Object.assign(document.createElement("li"), { textContent: `${many(number)}: ${why}` })));
}

function drawRun(isRunning) {
  bar.hidden = false;
  stop.hidden = !isRunning;
  go.disabled = isRunning || !held().length;
  go.textContent = "Go on";
}

go.addEventListener("click", run);
stop.addEventListener("click", () => running?.abort());
document.addEventListener("clod:keys", () => (go.disabled = Boolean(running) || !held().length));
addEventListener("beforeunload", (event) => running && event.preventDefault());
draw(page.querySelector("[data-key-chooser]"));
recall(page.dataset.kids.split(" ").filter(Boolean));
