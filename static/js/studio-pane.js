// A pane: one model, a conversation with it, the answer being written, and what its next call would send.
import { Answer } from "./studio-answer.js";
import { showCalls } from "./studio-calls.js";
import { Completion } from "./studio-completion.js";
import { pastView } from "./studio-conversation.js";
import { Exchange } from "./studio-exchange.js";
import { Meter, duration } from "./studio-meter.js";
import { clone, grow, modelOf, say } from "./studio-page.js";
import { explain } from "./studio-problem.js";
import { complete, settled } from "./studio-stream.js";
import { Conversation, imagesOf, textOf, withoutImages } from "./studio-turns.js";

const LONGEST_SHOWN = 20_000; // characters of a prompt

export class Pane {
  // desk: {project(), system(), parameters(model), isSeparate(), changed(), denied(error, pane), ended(pane, run)}.
  constructor(desk, model) {
    Object.assign(this, { desk, stopper: null, element: clone("pane-template") });
    this.part = (selector) => this.element.querySelector(selector);
    this.conversation = new Conversation(this.part(".conversation"));
    this.ownPrompt = this.part("[data-own-prompt]");
    this.ownSystem = this.part("[data-own-system]");
    this.ownPrompt.addEventListener("input", () => grow(this.ownPrompt, 160));
    this.choose(model);
  }

  get busy() { return this.stopper !== null; }
  get isEmpty() { return this.conversation.isEmpty; }
  get wanted() { return [this.model.slug, ...this.model.tags].join("@"); } // as the API takes it
  get name() {
    const { slug, tags } = this.model;
    if (!slug) return tags.length ? `Any model @${tags.join("@")}` : "";
    return [modelOf(slug)?.name ?? slug, ...tags].join("@");
  }

  // A strategy alone may find a model that does.
  get readsImages() { return modelOf(this.model.slug)?.reads.includes("image") ?? true; }
  get lastPrompt() { return this.conversation.asked ? textOf(this.conversation.asked.message) : ""; }

  // model: {slug, tags}; no slug with tags is any model.
  choose(model) {
    this.model = model;
    const known = modelOf(model.slug);
    this.part(".model-button .name").textContent = this.name || "Choose a model";
    this.part(".model-button").setAttribute("aria-label", `Model: ${this.name || "none chosen"}`);
    this.element.setAttribute("aria-label", this.name || "Pane without a model");
    this.part(".pane-facts").textContent = facts(known, model);
  }

  draw(isAlone, canAsk, hasImages) {
    this.part("[data-remove]").hidden = isAlone;
    this.part(".pane-composer").hidden = !this.desk.isSeparate();
    this.part("[data-own-send]").disabled = !canAsk;
    this.part("[data-image-note]").hidden = !hasImages || this.readsImages;
    this.element.dataset.busy = this.busy;
  }

  stop() { this.stopper?.abort(); }

  clear() {
    this.stop();
    this.conversation.put([]);
  }

  system() { return (this.desk.isSeparate() && this.ownSystem.value.trim()) || this.desk.system(); }

  // The body of a call that says ``content`` next; nothing to say leaves the conversation as it is.
  body(content) {
    const system = this.system();
    const said = [...this.conversation.messages, ...(content ? [{ role: "user", content }] : [])];
    const messages = [...(system ? [{ role: "system", content: system }] : []), ...(this.readsImages ? said : said.map(withoutImages).filter(Boolean))];
    return { model: this.wanted, messages, ...this.desk.parameters(modelOf(this.model.slug)) };
  }

  // A conversation that was had elsewhere, to go on with.
  take(messages) {
    for (const message of messages) message.role === "user" ? this.ask(message) : this.conversation.add(pastView(message, this.name), message);
  }

  ask(message) {
    const turn = this.conversation.add(userView(message), message);
    turn.view.querySelector("[data-edit]").addEventListener("click", () => this.desk.edit(this, turn));
    turn.view.querySelector("[data-remove-turn]").addEventListener("click", () => this.desk.removeTurn(this, turn));
  }

  async send(content) {
    this.ask({ role: "user", content });
    await this.answer();
  }

  async answer() {
    const stopper = (this.stopper = new AbortController());
    const [project, body, exchange, completion, meter] = [this.desk.project(), this.body(), new Exchange(), new Completion(), new Meter()];
    const answer = new Answer(this.name, meter, !this.model.slug);
    this.conversation.show(answer.element);
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
    const { answer, completion, meter, problem, stopped } = run;
    const message = problem ? null : completion.message(stopped);
    const isShown = answer.element.isConnected;
    if (isShown) this.conversation.ended(answer.element, message);
    if (problem?.denied && isShown) this.takeBack();
    else if (problem) this.fail(answer, problem);
    this.bind(answer, run, message);
    const shown = answer.end(completion, stopped);
    this.tell(run);
    if (problem?.denied) this.desk.denied(problem, this);
    this.desk.changed();
    document.dispatchEvent(new Event("clod:spent"));
    if (!problem || answer.text) this.desk.ended(this, run);
    await shown;
  }

  // An answer that ended early brings no usage with it, one that was stopped before its first word not even its id: what was charged is
  // in the log once the call is settled. Of calls that were refused before anything was held there is nothing in it.
  async tell({ answer, meter, problem, project, body, stopped }) {
    if (problem) say(`${this.name} failed: ${problem.message}`);
    if (meter.isOpen) {
      meter.settled(await settled(project, meter, body.model, Boolean(problem)).catch(() => null));
      answer.showFacts(stopped);
      document.dispatchEvent(new Event("clod:spent"));
    }
    if (!problem) say(`${this.name} ${stopped ? "was stopped" : "answered"}: ${meter.usage?.completion_tokens ?? meter.pieces} tokens in ${duration(meter.ended - (meter.began ?? meter.ended))}.`);
  }

  // Nothing was sent: what was asked goes back to where it was written. Results of tools stay.
  takeBack() {
    const [before, answer] = this.conversation.turns.slice(-2);
    this.returned = before === this.conversation.asked ? before.message : null;
    this.conversation.cutFrom(this.returned ? before : answer);
  }

  fail(answer, problem) {
    explain(answer.part(".problem"), problem, this.desk.project());
    answer.part("[data-again]").addEventListener("click", () => this.regenerate());
  }

  bind(answer, { exchange }, message) {
    const copy = answer.part("[data-copy-answer]");
    for (const event of ["mousedown", "focus"]) copy.addEventListener(event, () => (copy.dataset.copy = answer.text));
    answer.part("[data-exchange]").addEventListener("click", () => exchange.show());
    answer.part("[data-regenerate]").addEventListener("click", () => this.regenerate());
    answer.part("[data-remove-turn]").addEventListener("click", () => this.desk.removeTurn(this, this.conversation.turns.find(({ view }) => view === answer.element)));
    if (message?.tool_calls) showCalls(answer.part(".calls"), message.tool_calls, (results) => this.goOn(results));
  }

  // Only the newest answer, which alone shows the button: what was said after an older one would hang in the air.
  regenerate() {
    if (this.busy) return;
    this.conversation.cutFrom(this.conversation.turns.at(-1));
    this.answer();
  }

  goOn(results) {
    for (const { id, name, content } of results) {
      const view = clone("turn-tool");
      view.querySelector(".who").textContent = `Result of ${name}`;
      view.querySelector(".text").textContent = content;
      this.conversation.add(view, { role: "tool", tool_call_id: id, content });
    }
    this.answer();
  }
}

function facts(known, { slug, tags }) {
  if (!known) return slug ? "This model is not in the catalog." : tags.length ? "Any model of the project, by the strategy." : "No model can be called with this project.";
  const price = `${known.free ? "Free requests, then " : ""}${known.input} in, ${known.output} out per million tokens`;
  return `${price}${known.fee ? `, ${known.fee} fee` : ""} · ${known.context} context${known.available ? "" : ` · not available here: ${known.missing}`}`;
}

function userView(message) {
  const view = clone("turn-user");
  const text = textOf(message);
  const rest = text.length - LONGEST_SHOWN;
  view.querySelector(".text").textContent = text.slice(0, LONGEST_SHOWN);
  view.querySelector("[data-rest]").textContent = rest > 0 ? `… and ${rest.toLocaleString("en-US")} more characters.` : "";
  const thumbs = view.querySelector(".thumbs");
  for (const src of imagesOf(message)) {
    thumbs.hidden = false;
    thumbs.append(Object.assign(new Image(), { src, alt: "An image you sent" }));
  }
  return view;
}
