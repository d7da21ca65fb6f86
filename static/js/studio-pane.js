// One conversation with one model: its turns, the answer being written, and the meter line under each answer.
import { complete } from "./studio-stream.js";
import { forget, tokenFor } from "./studio-token.js";

export class Pane {
  // settings() → {project, model, name, system, parameters}; changed() is told when the pane starts or stops.
  constructor(element, { address, csrf, sites, settings, changed }) {
    Object.assign(this, { element, address, csrf, sites, settings, changed });
    this.turns = [];
    this.stopper = null;
  }

  get busy() { return this.stopper !== null; }

  stop() { this.stopper?.abort(); }

  clear() {
    this.stop();
    this.turns = [];
    for (const turn of this.element.querySelectorAll(".turn")) turn.remove();
  }

  messages(system) {
    return [...(system ? [{ role: "system", content: system }] : []), ...this.turns];
  }

  async send(text) {
    this.turns.push({ role: "user", content: text });
    this.show("user").text.textContent = text;
    await this.answer();
  }

  async answer() {
    const { project, model, name, system, parameters } = this.settings();
    const view = this.show("assistant", name);
    const meter = new Meter(this.sites);
    const stopper = (this.stopper = new AbortController());
    let written = "";
    this.changed();
    try {
      const token = await tokenFor(project, this.csrf);
      meter.begin();
      for await (const event of complete(this.address, token, { model, messages: this.messages(system), ...parameters }, stopper.signal)) {
        meter.note(event);
        if (event.text) view.text.append(event.text);
        written += event.text ?? "";
        this.follow();
      }
    } catch (error) {
      this.failed(view, error, written, stopper.signal.aborted);
      if (error.status === 401) forget(project);
    } finally {
      if (this.stopper === stopper) this.stopper = null;
      if (written && view.turn.isConnected) this.turns.push({ role: "assistant", content: written });
      view.turn.removeAttribute("aria-busy");
      view.meter.replaceChildren(...meter.parts(stopper.signal.aborted));
      this.follow();
      this.changed();
      document.dispatchEvent(new Event("clod:spent"));
    }
  }

  failed(view, error, written, stopped) {
    if (stopped) return;
    view.problem.hidden = false;
    view.problem.querySelector(".says").textContent = error instanceof TypeError ? "The server did not answer. Check the connection and try again." : error.message;
    view.problem.querySelector("code").textContent = error.code ?? "";
    const again = view.problem.querySelector("button");
    again.hidden = Boolean(written);
    again.addEventListener("click", () => { view.turn.remove(); this.answer(); }, { once: true });
  }

  show(role, name = "") {
    const turn = document.getElementById(`turn-${role}`).content.firstElementChild.cloneNode(true);
    this.element.querySelector("[data-first]").hidden = true;
    this.element.append(turn);
    if (name) turn.querySelector(".who").textContent = name;
    this.follow(true);
    return { turn, text: turn.querySelector(".text"), meter: turn.querySelector(".meter-line"), problem: turn.querySelector(".problem") };
  }

  // Keeps the newest line in view unless the reader has scrolled up.
  follow(always = false) {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    if (always || scrollHeight - scrollTop - clientHeight < 120) this.element.scrollTop = scrollHeight;
  }
}

class Meter {
  // sites: names of data centers by slug.
  constructor(sites) { this.sites = sites; }

  begin() { this.began = performance.now(); }

  note({ headers, text, usage, finish }) {
    if (headers) this.headers = headers;
    if (text) { this.first ??= performance.now(); this.last = performance.now(); }
    if (usage) this.usage = usage;
    if (finish) this.finish = finish;
  }

  parts(stopped) {
    const header = (name) => this.headers?.get(name) ?? "";
    const { usage } = this;
    const seconds = (this.last - this.first) / 1000;
    const parts = [
      this.first && ["TTFT", duration(this.first - this.began)],
      usage && seconds > 0 && usage.completion_tokens > 1 && ["", `${Math.round((usage.completion_tokens - 1) / seconds)} tokens/s`],
      usage && ["", `${usage.prompt_tokens} → ${usage.completion_tokens} tokens`],
      usage?.cost !== undefined && ["", dollars(usage.cost)],
      header("x-clod-paid-by") && ["paid by", header("x-clod-paid-by")],
      header("x-clod-data-center") && ["", this.sites[header("x-clod-data-center")] ?? header("x-clod-data-center")],
      header("x-clod-price-tick") && ["tick", header("x-clod-price-tick")],
      this.finish === "length" && ["", "cut at the longest answer allowed"],
      stopped && ["", header("x-clod-paid-by") === "wallet" ? "stopped: you pay for what was written" : "stopped"],
    ];
    const spans = parts.filter(Boolean).map(([name, value]) => fact(name, value));
    const id = header("x-request-id");
    return id.startsWith("req_") ? [...spans, link(`/activity/${encodeURIComponent(id)}`, "details")] : spans;
  }
}

function fact(name, value) {
  const span = document.createElement("span");
  span.append(name ? `${name} ` : "", Object.assign(document.createElement("b"), { textContent: value }));
  return span;
}

const link = (href, textContent) => Object.assign(document.createElement("a"), { href, textContent });
const duration = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`);

function dollars(amount) {
  if (amount === 0 || amount >= 0.01) return `$${amount.toFixed(2)}`;
  return `$${amount.toLocaleString("en-US", { maximumSignificantDigits: 3, maximumFractionDigits: 12 })}`;
}
