// What is known of an answer: while it is written, and in the line under it once it has ended.
import { data, modelOf } from "./studio-page.js";

export class Meter {
  pieces = 0;
  row = null; // the call in the API's log

  note({ sent, headers, chunk }) {
    if (sent) this.began = performance.now();
    if (headers) this.headers = headers;
    for (const { delta, finish_reason } of chunk?.choices ?? []) {
      if (delta?.content || delta?.reasoning_content || delta?.tool_calls) this.wrote();
      if (finish_reason) this.finish = finish_reason;
    }
    if (chunk?.model) this.model = chunk.model;
    if (chunk?.usage) this.usage = chunk.usage;
  }

  wrote() {
    this.last = performance.now();
    this.first ??= this.last;
    this.pieces += 1;
  }

  // It was sent, but no usage came: the call was refused, failed or ended early.
  get isOpen() { return Boolean(this.began) && !this.usage; }

  // row: the call in the API's log; null where there is none, or not yet.
  settled(row) {
    if (!row) return;
    this.row = row;
    this.model = row.model;
    this.usage = { prompt_tokens: row.prompt_tokens, completion_tokens: row.completion_tokens, cost: Number(row.cost_usd), cost_details: { is_estimated: row.is_estimated } };
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
    const { usage, row } = this;
    const [paidBy, center, tick] = [this.header("x-clod-paid-by") || row?.paid_by, this.header("x-clod-data-center") || row?.data_center, this.header("x-clod-price-tick") || row?.price_tick];
    const seconds = (this.last - this.first) / 1000;
    return [
      this.first && ["TTFT", duration(this.first - this.began)],
      usage && seconds > 0.02 && usage.completion_tokens > 1 && ["", `${Math.round((usage.completion_tokens - 1) / seconds)} tokens/s`],
      this.began && ["total", duration(this.ended - this.began)],
      usage && ["", `${usage.prompt_tokens} → ${usage.completion_tokens} tokens`],
      usage?.cost !== undefined && ["", `${usage.cost_details?.is_estimated ? "≈ " : ""}${dollars(usage.cost)}`],
      paidBy && ["paid by", paidBy],
      center && ["", data.sites[center] ?? center],
      tick && ["tick", String(tick)],
      this.finish === "length" && ["", "cut at the longest answer allowed"],
      stopped && ["", paidBy === "wallet" ? "stopped: you pay for what was written" : "stopped"],
      this.requestId && !this.isLogged && ["", this.requestId],
    ].filter(Boolean);
  }

  header(name) { return this.headers?.get(name) ?? ""; }

  get modelName() { return this.model && (modelOf(this.model)?.name ?? this.model); }

  get requestId() {
    const id = this.row?.id ?? this.header("x-request-id");
    return id.startsWith("req_") ? id : "";
  }

  // Calls that were refused before anything was held have an id, and no row in Activity.
  get isLogged() { return Boolean(this.requestId && (this.usage || this.header("x-clod-price-tick"))); }

  parts(stopped) {
    const spans = this.facts(stopped).map(([name, value]) => fact(name, value));
    return this.isLogged ? [...spans, activity(this.requestId)] : spans;
  }
}

function fact(name, value) {
  const span = document.createElement("span");
  span.append(name ? `${name} ` : "", Object.assign(document.createElement("b"), { textContent: value }));
  return span;
}

// In a tab of its own: the conversation is in this page's memory only.
function activity(id) {
  const words = { textContent: "Activity", title: "Opens in a new tab", target: "_blank" };
  return Object.assign(document.createElement("a"), { href: `/activity/${encodeURIComponent(id)}`, ...words });
}

export const duration = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`);

// Two decimals from a cent up, three significant digits below.
export function dollars(amount) {
  if (amount === 0 || amount >= 0.01) return `$${amount.toFixed(2)}`;
  return `$${amount.toLocaleString("en-US", { maximumSignificantDigits: 3, maximumFractionDigits: 12 })}`;
}
