// One streamed completion: {sent}, {headers}, then its chunks as {chunk}. Throws Refused with the API's own message.
import { data } from "./studio-page.js";
import { Refused, forget, tokenFor } from "./studio-token.js";

const TURN_MS = 8;
const SETTLED_TRIES = 10;
const REFUSED_TRIES = 2; // its answer came after it was settled
const SETTLED_EVERY_MS = 300;
const SAME_AGE_MS = 2000;
const found = new Set(); // ids of calls that a pane has

// A token may have ended before its time (a restart, another log-in): asked for once more, then the refusal stands.
export async function* complete(project, body, signal, exchange) {
  for (let attempt = 1; ; attempt += 1) {
    const token = await tokenFor(project);
    try {
      yield* streamed(token, body, signal, exchange);
      return;
    } catch (error) {
      if (error.status !== 401) throw error;
      forget(project);
      if (attempt === 2) throw error;
    }
  }
}

// The body as it is sent: what is quoted is the price of these bytes.
export const streaming = (body) => ({ ...body, stream: true, stream_options: { include_usage: true } });
export const bytesOf = (body) => new Blob([JSON.stringify(streaming(body))]).size;

// The call in the API's own log, which has it as soon as it is settled; null when that takes too long, or for one that is not logged.
// call: a Meter; wanted: the model as it was asked for.
export async function settled(project, call, wanted, isRefused) {
  const address = data.address.replace("chat/completions", "requests?limit=20");
  for (let tries = isRefused ? REFUSED_TRIES : SETTLED_TRIES; tries > 0; tries -= 1) {
    await new Promise((resolve) => setTimeout(resolve, SETTLED_EVERY_MS));
    const answer = await fetch(address, { headers: { Authorization: `Bearer ${await tokenFor(project)}` } });
    const row = answer.ok && (await answer.json()).data.find((each) => isOf(each, call, wanted, Date.parse(answer.headers.get("date"))));
    if (row) {
      found.add(row.id);
      return row;
    }
  }
  return null;
}

// A call that was stopped before its answer began never learned its id: it is the one of that age which nobody waited for. Ages, because
// the clocks of browser and server differ.
function isOf(row, call, wanted, now) {
  if (call.requestId) return row.id === call.requestId;
  const apart = Math.abs(now - Date.parse(row.created_at) - (performance.now() - call.began));
  return !found.has(row.id) && row.source === "studio" && row.requested_model === wanted && row.status === "client_closed" && apart < SAME_AGE_MS;
}

async function* streamed(token, body, signal, exchange) {
  const text = JSON.stringify(streaming(body));
  const headers = { "Content-Type": "application/json" };
  exchange.asked(data.address, headers, text);
  yield { sent: true };
  const answer = await fetch(data.address, { method: "POST", headers: { ...headers, Authorization: `Bearer ${token}` }, body: text, signal });
  exchange.answered(answer);
  yield { headers: answer.headers };
  if (!answer.ok) throw await refusal(answer, exchange);
  let done = false;
  for await (const event of events(answer.body)) {
    exchange.heard(event);
    if (event === "[DONE]") { done = true; continue; }
    const chunk = JSON.parse(event);
    if (chunk.error) throw new Refused(chunk.error.message, chunk.error);
    yield { chunk };
  }
  if (!done) throw new Refused("The answer broke off. You pay only for what arrived.", { code: "truncated" });
}

async function refusal(answer, exchange) {
  const text = await answer.text().catch(() => "");
  exchange.heard(text);
  let told = {};
  try { told = JSON.parse(text).error ?? {}; } catch { /* no JSON: a proxy between us and the API */ }
  return new Refused(told.message ?? `The API answered ${answer.status}. Try again in a moment.`, { ...told, status: answer.status });
}

// The data of each server-sent event; comments (heartbeats) are skipped. A stream that comes faster than it is read would leave the
// page no time to paint: every few milliseconds it gets its turn.
async function* events(stream) {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let [rest, turn] = ["", performance.now()];
  for (;;) {
    const { value, done } = await reader.read();
    rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) {
      const lines = block.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).replace(/^ /, ""));
      if (lines.length) yield lines.join("\n");
      if (performance.now() - turn > TURN_MS) { await painted(); turn = performance.now(); }
    }
    if (done) return;
  }
}

// A message waits behind what the browser has to do; a timer would wait longer, and in a hidden tab for a second.
function painted() {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => { port1.onmessage = resolve; port2.postMessage(null); });
}
