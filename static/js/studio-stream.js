// One streamed completion as events: {start, headers}, {text}, {usage}, {finish}. Throws Refused with the API's own message.
import { Refused } from "./studio-token.js";

export async function* complete(address, token, body, signal) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
    signal,
  });
  if (!answer.ok) throw await refusal(answer);
  yield { headers: answer.headers };
  let done = false;
  for await (const data of events(answer.body)) {
    if (data === "[DONE]") { done = true; continue; }
    const chunk = JSON.parse(data);
    if (chunk.error) throw new Refused(chunk.error.message, chunk.error.code);
    const choice = chunk.choices?.[0];
    if (choice?.delta?.content) yield { text: choice.delta.content };
    if (choice?.finish_reason) yield { finish: choice.finish_reason };
    if (chunk.usage) yield { usage: chunk.usage };
  }
  if (!done) throw new Refused("The answer broke off. You pay only for what arrived.", "truncated");
}

async function refusal(answer) {
  const told = await answer.json().catch(() => ({}));
  return new Refused(told.error?.message ?? `The API answered ${answer.status}. Try again in a moment.`, told.error?.code, answer.status);
}

// The data of each server-sent event; comments (heartbeats) are skipped.
async function* events(stream) {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) {
      const data = block.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).replace(/^ /, ""));
      if (data.length) yield data.join("\n");
    }
    if (done) return;
  }
}
