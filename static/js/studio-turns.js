// What was said in a pane, turn by turn: what of it the next call sends, and what its reader takes back.
// A turn is {message, view}; an answer that was refused, failed, or stopped before its first word has no message.
const NEAR_END = 60; // pixels

export class Conversation {
  turns = [];
  isFollowing = true;

  constructor(element) {
    Object.assign(this, { element, first: element.querySelector("[data-first]"), top: 0 });
    element.addEventListener("scroll", () => this.scrolled());
    this.sizes = new ResizeObserver(() => this.follow());
    this.sizes.observe(element);
  }

  get isEmpty() { return this.turns.length === 0; }
  get asked() { return this.turns.findLast(isQuestion); }

  // Each question with all that came of it.
  get exchanges() {
    const found = [];
    for (const turn of this.turns) {
      if (isQuestion(turn) || !found.length) found.push([]);
      found.at(-1).push(turn);
    }
    return found;
  }

  // Without those that came to nothing: a model has not answered them, and what made one fail would make the next one fail too.
  get messages() { return this.exchanges.filter(isWhole).flat().map(({ message }) => message); }

  add(view, message = null) {
    this.show(view);
    const turn = { message, view };
    this.turns.push(turn);
    this.mark();
    return turn;
  }

  // An answer while it is written is shown, and becomes a turn when it has ended.
  show(view) {
    this.first.hidden = true;
    this.element.append(view);
    this.sizes.observe(view);
    this.isFollowing = true;
    this.follow();
  }

  ended(view, message) {
    this.turns.push({ message, view });
    this.mark();
  }

  // A question goes with all that came of it; an answer with what followed it, up to the next question.
  remove(turn) {
    const exchange = this.exchanges.find((each) => each.includes(turn)) ?? [];
    this.put(this.turns.filter((each) => !exchange.slice(exchange.indexOf(turn)).includes(each)));
  }

  cutFrom(turn) { this.put(this.turns.slice(0, this.turns.indexOf(turn))); }

  put(turns) {
    this.turns = [...turns];
    for (const view of this.element.querySelectorAll(":scope > .turn")) view.remove();
    this.element.append(...turns.map(({ view }) => view));
    this.first.hidden = !this.isEmpty;
    this.mark();
  }

  mark() {
    for (const exchange of this.exchanges) for (const { view } of exchange) view.classList.toggle("left-out", !isWhole(exchange));
  }

  // The reader who scrolls up reads there; at the end the newest line stays in view, however it comes to be there.
  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    if (scrollHeight - scrollTop - clientHeight < NEAR_END) this.isFollowing = true;
    else if (scrollTop < this.top) this.isFollowing = false;
    this.top = scrollTop;
  }

  follow() {
    if (this.isFollowing) this.element.scrollTop = this.element.scrollHeight;
  }
}

const isQuestion = ({ message }) => message?.role === "user";
const isWhole = (exchange) => Boolean(exchange.at(-1).message);

// Images stand beside the text; those at an address of their own are told by it, and not fetched.
const isImage = ({ image_url }) => Boolean(image_url?.url?.startsWith("data:image/"));

export function textOf({ content }) {
  if (!Array.isArray(content)) return content ?? "";
  return content.filter((part) => !isImage(part)).map(({ text, image_url }) => text ?? image_url?.url ?? "").join("\n");
}

export const imagesOf = ({ content }) => (Array.isArray(content) ? content.filter(isImage).map(({ image_url }) => image_url.url) : []);

// For a model that reads no images; null where nothing is left to say.
export function withoutImages(message) {
  if (!Array.isArray(message.content)) return message;
  const text = textOf(message);
  return text ? { ...message, content: text } : null;
}
