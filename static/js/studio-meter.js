// What is known of an answer: while it is written, and in the line under it once it has ended.
import { data } from "./studio-page.js";

export class Meter {
  pieces = 0;

  note({ sent, headers, chunk }) {
    if (sent) this.began = performance.now();
    if (headers) this.headers = headers;
    for (const { delta, finish_reason } of chunk?.choices ?? []) {
      if (delta?.content || delta?.reasoning_content || delta?.tool_calls) this.wrote();
      if (finish_reason) this.finish = finish_reason;
    }
    if (chunk?.usage) this.usage = chunk.usage;
  }

  wrote() {
    this.last = performance.now();
    this.first ??= this.last;
    this.pieces += 1;
  }

  // Headers came, but no usage: the call ended early.
  get isOpen() { return Boolean(this.requestId) && !this.usage; }

  // row: the call in the API's log, or null.
  settled(row) {
    if (row) this.usage = { prompt_tokens: row.prompt_tokens, completion_tokens: row.completion_tokens, cost: Number(row.cost_usd) };
  }

  end() { this.ended = performance.now(); }

  // A piece is about a token; the exact count comes with the end.
  live() {
    if (!this.first) return [fact("", "waiting"), fact("", duration(performance.now() - this.began))];
    const seconds = (this.last - this.first) / 1000;
    return [
      fact("TTFT", duration(this.first - this.began)),
      ...(seconds > 0.2 ? [fact("about", `${Math.round((this.pieces - 1) / seconds)} tokens/s`)] : []),
      fact("", duration(performance.now() - this.began)),
    ];
  }

  facts(stopped) {
    const header = (name) => this.headers?.get(name) ?? "";
    const { usage } = this;
    const seconds = (this.last - this.first) / 1000;
    return [
      this.first && ["TTFT", duration(this.first - this.began)],
      usage && seconds > 0.02 && usage.completion_tokens > 1 && ["", `${Math.round((usage.completion_tokens - 1) / seconds)} tokens/s`],
      this.began && this.headers && ["total", duration(this.ended - this.began)],
      usage && ["", `${usage.prompt_tokens} → ${usage.completion_tokens} tokens`],
      usage?.cost !== undefined && ["", dollars(usage.cost)],
      header("x-clod-paid-by") && ["paid by", header("x-clod-paid-by")],
      header("x-clod-data-center") && ["", data.sites[header("x-clod-data-center")] ?? header("x-clod-data-center")],
      header("x-clod-price-tick") && ["tick", header("x-clod-price-tick")],
      this.finish === "length" && ["", "cut at the longest answer allowed"],
      stopped && ["", header("x-clod-paid-by") === "wallet" ? "stopped: you pay for what was written" : "stopped"],
    ].filter(Boolean);
  }

  get requestId() {
    const id = this.headers?.get("x-request-id") ?? "";
    return id.startsWith("req_") ? id : "";
  }

  parts(stopped) {
    const spans = this.facts(stopped).map(([name, value]) => fact(name, value));
    return this.requestId ? [...spans, link(`/activity/${encodeURIComponent(this.requestId)}`, "Activity")] : spans;
  }
}

function fact(name, value) {
  const span = document.createElement("span");
  span.append(name ? `${name} ` : "", Object.assign(document.createElement("b"), { textContent: value }));
  return span;
}

const link = (href, textContent) => Object.assign(document.createElement("a"), { href, textContent });

export const duration = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`);

// Two decimals from a cent up, three significant digits below.
export function dollars(amount) {
  if (amount === 0 || amount >= 0.01) return `$${amount.toFixed(2)}`;
  return `$${amount.toLocaleString("en-US", { maximumSignificantDigits: 3, maximumFractionDigits: 12 })}`;
}
