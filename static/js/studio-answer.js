// An answer as its reader sees it: written at most once a frame while it comes, formatted by our own server when it has ended.
import { clone, fill, post } from "./studio-page.js";

const LONGEST_FORMATTED = 64 * 1024;
const METER_EVERY_MS = 200;
const BLOCK = 2000; // characters; a block of text is laid out again with every piece it gets

export class Answer {
  constructor(name, meter, isAny) {
    Object.assign(this, { name, meter, isAny, element: clone("turn-assistant"), metered: 0, frame: 0 });
    this.part = (selector) => this.element.querySelector(selector);
    this.part(".who").textContent = name;
    this.thoughts = new Ink(this.part(".thought"));
    this.texts = [new Ink(this.part(".text"))];
    this.part(".turn-tools").addEventListener("click", (event) => event.target.closest("[data-view]") && this.view(event.target.dataset.view));
    this.pulse = setInterval(() => this.due(), METER_EVERY_MS);
  }

  take(chunk) {
    for (const { index, delta } of chunk.choices ?? []) {
      if (delta?.content) this.textOf(index).write(delta.content);
      if (delta?.reasoning_content && index === 0) this.think(delta.reasoning_content);
    }
    this.tellModel();
    this.due();
  }

  // A strategy alone: which model answers is told by the answer.
  tellModel() {
    if (this.isAny && this.meter.modelName) this.part(".who").textContent = `${this.meter.modelName}, chosen by ${this.name}`;
  }

  due() { this.frame ||= requestAnimationFrame(() => this.paint()); }

  paint() {
    this.frame = 0;
    for (const ink of [this.thoughts, ...this.texts]) ink?.dry();
    if (performance.now() - this.metered > METER_EVERY_MS && this.meter.began && !this.ended) {
      this.metered = performance.now();
      this.part(".meter-line").replaceChildren(...this.meter.live());
    }
  }

  think(piece) {
    this.part(".thoughts").hidden = false;
    if (!this.thoughts.text) this.part(".thoughts").open = true;
    this.thoughts.write(piece);
  }

  // Further choices come below the first, each with its number.
  textOf(index) {
    if (!this.texts[index]) {
      const element = Object.assign(document.createElement("div"), { className: "text another", dir: "auto" });
      element.dataset.number = index + 1;
      this.texts[index - 1 in this.texts ? index - 1 : 0].element.after(element);
      this.texts[index] = new Ink(element);
    }
    return this.texts[index];
  }

  // The last frame, the facts, and then the answer in its final form.
  async end(completion, stopped) {
    this.ended = true;
    clearInterval(this.pulse);
    cancelAnimationFrame(this.frame);
    this.completion = completion;
    this.stopped = stopped;
    this.paint();
    this.part(".thoughts").open = false;
    this.showFacts(stopped);
    const isEmpty = !this.texts.some((ink) => ink?.text) && !completion.choices.length;
    this.part(".segments").hidden = this.part("[data-copy-answer]").hidden = isEmpty;
    this.part(".turn-tools").hidden = false;
    await Promise.all(this.texts.map((ink) => ink?.format()));
    this.element.removeAttribute("aria-busy");
  }

  showFacts(stopped) {
    this.tellModel();
    this.part(".meter-line").replaceChildren(...this.meter.parts(stopped));
    this.part("[data-routing]").hidden = !this.meter.isLogged;
    this.part("[data-routing]").dataset.request = this.meter.requestId;
  }

  get text() { return this.texts[0].text; }

  view(kind) {
    for (const button of this.element.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", button.dataset.view === kind);
    const json = this.part(":scope > .json");
    json.hidden = kind !== "json";
    if (kind === "json") json.textContent = JSON.stringify(this.completion.value, null, 2);
    for (const ink of this.texts) ink?.show(kind);
  }
}

// Text that is written piece by piece: pieces wait for the next frame, and long texts grow in blocks, so that a frame lays out only the last.
class Ink {
  text = "";
  wet = "";

  constructor(element) { this.element = element; }

  write(piece) { this.text += piece; this.wet += piece; }

  dry() {
    if (!this.wet) return;
    this.last ??= this.block();
    const end = this.edge();
    if (end) {
      this.last.appendData(this.wet.slice(0, end));
      this.last = this.block();
    }
    this.last.appendData(this.wet.slice(end));
    this.wet = "";
  }

  block() { return this.element.appendChild(document.createElement("span")).appendChild(new Text()); }

  // Where a block may end: behind a line; where there are none for long, behind a word.
  edge() {
    if (this.last.length < BLOCK) return 0;
    return this.wet.indexOf("\n") + 1 || (this.last.length > 3 * BLOCK ? this.wet.indexOf(" ") + 1 : 0);
  }

  async format() {
    if (!this.text || this.text.length > LONGEST_FORMATTED) return;
    const answer = await post("/studio/answer", fenced(this.text), "text/markdown");
    if (!answer?.ok || answer.redirected) return;
    this.html = await answer.text();
    this.show("formatted");
  }

  show(kind) {
    this.element.hidden = kind === "json";
    this.element.classList.toggle("formatted", kind === "formatted" && Boolean(this.html));
    if (kind === "formatted" && this.html) fill(this.element, this.html);
    else if (kind === "text") this.element.textContent = this.text;
  }
}

// An answer that is nothing but JSON is shown as code.
function fenced(text) {
  if (!/^\s*[[{]/.test(text)) return text;
  try { return `\`\`\`json\n${JSON.stringify(JSON.parse(text), null, 2)}\n\`\`\``; } catch { return text; }
}
