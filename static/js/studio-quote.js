// What the next call of each pane would cost, before it is sent: the gateway's own plan for it, asked for while nobody types.
import { controls, data, opened, post } from "./studio-page.js";
import { dollars } from "./studio-meter.js";
import { streaming } from "./studio-stream.js";

const line = document.getElementById("means");
const NO_IMAGE = "data:image/png;base64,"; // its bytes do not change the price
let caps = {}; // what those of the project leave

// page: {contentOf(pane), excess(pane)}. With nothing to ask, only what there is to pay with.
export function quoteAll(panes, project, { contentOf, excess }) {
  const asking = panes.filter((pane) => contentOf(pane) && !opened.isSealed);
  for (const pane of panes) {
    pane.quoted = Symbol("the newest question");
    if (!asking.includes(pane)) show(pane, null);
    else if (excess(pane)) show(pane, { error: { message: excess(pane) } });
    else quote(pane, project, contentOf(pane));
  }
  if (!asking.length) ask(project, "");
}

async function quote(pane, project, content) {
  const asked = pane.quoted;
  const told = await ask(project, JSON.stringify(light(streaming(pane.body(content)))));
  if (pane.quoted === asked && !pane.busy) show(pane, told);
}

async function ask(project, body) {
  const answer = await post(`/studio/quote?project=${encodeURIComponent(project)}`, body);
  const told = answer && !answer.redirected ? await answer.json().catch(() => null) : null;
  if (told?.means && project === controls.project.value) caps = told.means;
  showMeans();
  return told;
}

function show(pane, told) {
  const place = pane.element.querySelector("[data-quote]");
  const refused = told?.error?.message ?? (told?.quote ? tooDear(told.quote, told.means) : "");
  place.hidden = !told?.quote && !refused;
  place.classList.toggle("bad", Boolean(refused));
  if (refused) place.textContent = `Would be refused: ${refused}`;
  else if (told?.quote) place.replaceChildren(...words(told.quote, told.means));
}

function light(body) {
  const messages = body.messages.map((message) => (Array.isArray(message.content) ? { ...message, content: message.content.map(lightPart) } : message));
  return { ...body, messages };
}

const lightPart = (part) => (part.type === "image_url" ? { type: "image_url", image_url: { url: NO_IMAGE } } : part);

function words(quote, { free_left }) {
  const [estimate, hold] = [Number(quote.estimate_usd), Number(quote.hold_usd)];
  const size = `about ${quote.prompt_tokens.toLocaleString("en-US")} → ${quote.output_limit.toLocaleString("en-US")} tokens`;
  if (quote.is_free && free_left > 0) return [bold("Free"), `, one of the ${facts()?.free ?? free_left} requests left · else up to about ${dollars(estimate)} · ${size}`];
  return ["Up to about ", bold(dollars(estimate)), " · holds ", bold(dollars(hold)), ` · ${size} · ${quote.served_by}`];
}

// Where the hold is more than there is; empty where it is not.
function tooDear(quote, { free_left, wallet_usd, day_left_usd, month_left_usd }) {
  if (quote.is_free && free_left > 0) return "";
  const hold = Number(quote.hold_usd);
  const short = [[wallet_usd, "the wallet has"], [day_left_usd, "the project's day has"], [month_left_usd, "the project's month has"]].find(([left]) => left !== null && Number(left) < hold);
  return short ? `it holds ${dollars(hold)}, and ${short[1]} only ${dollars(Number(short[0]))} left.` : "";
}

// The top bar knows what is free and what the wallet has: no other figure of them is shown on the page.
function facts() {
  const [ring, chip] = ["free", "wallet"].map((name) => document.querySelector(`[data-facts] [data-${name}-fact]`));
  return { free: ring?.querySelector("b").textContent, title: ring?.title.replace(/\.$/, ""), wallet: chip?.querySelector("b").textContent };
}

export function showMeans() {
  const { title, wallet } = facts();
  const project = data.projects.find(({ id }) => id === controls.project.value)?.name ?? "";
  line.replaceChildren(...[
    title,
    wallet && `Wallet ${wallet}`,
    caps.day_left_usd && `${project}: ${dollars(Number(caps.day_left_usd))} left today`,
    caps.month_left_usd && `${project}: ${dollars(Number(caps.month_left_usd))} left this month`,
  ].filter(Boolean).map((text) => Object.assign(document.createElement("span"), { textContent: text })));
  line.hidden = false;
}

const bold = (textContent) => Object.assign(document.createElement("b"), { textContent });
