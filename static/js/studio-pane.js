// One conversation with one model: its turns, the answer being written, and what its next call would send.
import { Answer } from "./studio-answer.js";
import { showCalls } from "./studio-calls.js";
import { Completion } from "./studio-completion.js";
import { pastView } from "./studio-conversation.js";
import { Exchange } from "./studio-exchange.js";
import { Meter, duration } from "./studio-meter.js";
import { clone, grow, modelOf, say } from "./studio-page.js";
import { explain } from "./studio-problem.js";
import { complete, settled } from "./studio-stream.js";

export class Pane {
  // desk: {project(), system(), parameters(model), isSeparate(), changed(), denied(error, pane), ended(pane, run)}.
  constructor(desk, model) {
    Object.assign(this, { desk, turns: [], stopper: null, element: clone("pane-template") });
    this.part = (selector) => this.element.querySelector(selector);
    this.conversation = this.part(".conversation");
    this.ownPrompt = this.part("[data-own-prompt]");
    this.ownSystem = this.part("[data-own-system]");
    this.ownPrompt.addEventListener("input", () => grow(this.ownPrompt, 160));
    this.choose(model);
  }

  get busy() { return this.stopper !== null; }
  get name() { return this.model.slug ? (modelOf(this.model.slug)?.name ?? this.model.slug) + this.tags : this.tags; }
  get tags() { return this.model.tags.map((tag) => `@${tag}`).join(""); }
  get isEmpty() { return this.turns.length === 0; }

  // model: {slug, tags}; no slug with tags is any model.
  choose(model) {
    this.model = model;
    const known = modelOf(model.slug);
    this.part(".model-button .name").textContent = this.name || "Choose a model";
    this.part(".model-button").setAttribute("aria-label", `Model: ${this.name || "none chosen"}`);
    this.element.setAttribute("aria-label", this.name || "Pane without a model");
    this.part(".pane-facts").textContent = facts(known, model);
  }

  draw(isAlone, canAsk) {
    this.part("[data-remove]").hidden = isAlone;
    this.part(".pane-composer").hidden = !this.desk.isSeparate();
    this.part("[data-own-send]").disabled = !canAsk;
  }

  stop() { this.stopper?.abort(); }

  clear() {
    this.stop();
    this.turns = [];
    for (const turn of this.element.querySelectorAll(".turn")) turn.remove();
    this.part("[data-first]").hidden = false;
  }

  system() { return (this.desk.isSeparate() && this.ownSystem.value.trim()) || this.desk.system(); }

  // The body of a call that says ``content`` next; nothing to say leaves the conversation as it is.
  body(content) {
    const system = this.system();
    const said = content ? [{ role: "user", content }] : [];
    const messages = [...(system ? [{ role: "system", content: system }] : []), ...this.turns, ...said];
    return { model: this.model.slug + this.tags, messages, ...this.desk.parameters(modelOf(this.model.slug)) };
  }

  // A conversation that was had elsewhere, to go on with.
  take(turns) {
    this.turns.push(...turns);
    for (const each of turns) this.show(each.role === "user" ? userView(each.content) : pastView(each, this.name));
  }

  async send(content) {
    const turn = { role: "user", content };
    this.turns.push(turn);
    this.asked = { turn, view: this.show(userView(content)) };
    await this.answer();
  }

  async answer() {
    const stopper = (this.stopper = new AbortController());
    const [project, body, exchange, completion, meter] = [this.desk.project(), this.body(), new Exchange(), new Completion(), new Meter()];
    const answer = new Answer(this.name, meter, () => this.follow());
    this.show(answer.element);
    this.desk.changed();
    say(`${this.name} is answering.`);
    let problem = null;
    try {
      for await (const event of complete(project, body, stopper.signal, exchange)) {
        meter.note(event);
        if (event.chunk) { completion.take(event.chunk); answer.take(event.chunk); }
      }
    } catch (error) {
      if (!stopper.signal.aborted) problem = error;
    }
    meter.end();
    if (this.stopper === stopper) this.stopper = null;
    await this.ended({ answer, body, completion, exchange, meter, problem, project, stopped: stopper.signal.aborted });
  }

  async ended(run) {
    const { answer, completion, meter, problem, project, stopped } = run;
    const message = completion.message(stopped || problem);
    const isShown = answer.element.isConnected;
    if (message && isShown) this.turns.push(message);
    if (problem?.denied && this.asked) this.takeBack(answer);
    else if (problem) this.fail(answer, problem, Boolean(message));
    this.bind(answer, run, message);
    const shown = answer.end(completion, stopped);
    if (meter.isOpen) this.settle(meter, answer, project, stopped);
    if (problem?.denied) this.desk.denied(problem, this);
    say(problem ? `${this.name} failed: ${problem.message}` : `${this.name} ${stopped ? "was stopped" : "answered"}: ${completion.usage?.completion_tokens ?? meter.pieces} tokens in ${duration(meter.ended - (meter.began ?? meter.ended))}.`);
    this.desk.changed();
    document.dispatchEvent(new Event("clod:spent"));
    if (!problem || message) this.desk.ended(this, run);
    await shown;
  }

  // An answer that ended early brings no usage with it; what was charged is in the log once the call is settled.
  async settle(meter, answer, project, stopped) {
    meter.settled(await settled(project, meter.requestId).catch(() => null));
    answer.showFacts(stopped);
    document.dispatchEvent(new Event("clod:spent"));
  }

  // Nothing was sent: what was asked goes back to where it was written.
  takeBack(answer) {
    answer.element.remove();
    if (this.turns.at(-1) !== this.asked.turn) return;
    this.turns.pop();
    this.asked.view.remove();
    const { content } = this.asked.turn;
    this.returned = typeof content === "string" ? content : content.map(({ text = "" }) => text).join("");
    this.part("[data-first]").hidden = !this.isEmpty;
  }

  fail(answer, problem, hasText) {
    explain(answer.element.querySelector(".problem"), problem, this.desk.project());
    const again = answer.element.querySelector("[data-again]");
    again.hidden = hasText;
    again.addEventListener("click", () => { answer.element.remove(); this.answer(); }, { once: true });
  }

  bind(answer, { exchange, meter }, message) {
    const part = (selector) => answer.element.querySelector(selector);
    part("[data-copy-answer]").addEventListener("mousedown", () => (part("[data-copy-answer]").dataset.copy = answer.text));
    part("[data-copy-answer]").addEventListener("focus", () => (part("[data-copy-answer]").dataset.copy = answer.text));
    part("[data-exchange]").addEventListener("click", () => exchange.show());
    part("[data-routing]").dataset.request = meter.requestId;
    part("[data-regenerate]").addEventListener("click", () => this.regenerate(answer, message));
    if (message?.tool_calls) showCalls(part(".calls"), message.tool_calls, (results) => this.goOn(results));
  }

  // Only the newest answer: what was said after an older one would hang in the air.
  regenerate(answer, message) {
    if (this.busy || (message && this.turns.at(-1) !== message)) return say("Only the newest answer can be written again.");
    if (message) this.turns.pop();
    answer.element.remove();
    this.answer();
  }

  goOn(results) {
    for (const { id, name, content } of results) {
      this.turns.push({ role: "tool", tool_call_id: id, content });
      const view = this.show(clone("turn-tool"));
      view.querySelector(".who").textContent = `Result of ${name}`;
      view.querySelector(".text").textContent = content;
    }
    this.answer();
  }

  show(view) {
    this.part("[data-first]").hidden = true;
    this.conversation.append(view);
    this.follow(true);
    return view;
  }

  // Keeps the newest line in view unless the reader has scrolled up.
  follow(always = false) {
    const { scrollTop, scrollHeight, clientHeight } = this.conversation;
    if (always || scrollHeight - scrollTop - clientHeight < 120) this.conversation.scrollTop = scrollHeight;
  }
}

function facts(known, { slug, tags }) {
  if (!known) return slug ? "This model is not in the catalog." : tags.length ? "Any model of the project, by the strategy." : "No model can be called with this project.";
  const price = `${known.free ? "Free requests, then " : ""}${known.input} in, ${known.output} out per million tokens`;
  return `${price}${known.fee ? `, ${known.fee} fee` : ""} · ${known.context} context${known.available ? "" : ` · not available here: ${known.missing}`}`;
}

function userView(content) {
  const view = clone("turn-user");
  const parts = Array.isArray(content) ? content : [{ type: "text", text: content }];
  const images = parts.filter(({ image_url }) => image_url?.url?.startsWith("data:image/"));
  view.querySelector(".text").textContent = parts.filter((part) => !images.includes(part)).map(({ text, image_url }) => text ?? image_url?.url).join("\n");
  const thumbs = view.querySelector(".thumbs");
  for (const { image_url } of images) {
    thumbs.hidden = false;
    thumbs.append(Object.assign(new Image(), { src: image_url.url, alt: "An image you sent" }));
  }
  return view;
}
