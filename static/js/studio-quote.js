// What the next call of each pane would cost, before it is sent: the gateway's own plan for it, asked for while nobody types.
import { data, form, post } from "./studio-page.js";
import { dollars } from "./studio-meter.js";
import { streaming } from "./studio-stream.js";

const means = document.getElementById("means");
const NO_IMAGE = "data:image/png;base64,"; // its bytes do not change the price

export function quoteAll(panes, project, contentOf) {
  for (const pane of panes) quote(pane, project, contentOf(pane));
}

async function quote(pane, project, content) {
  const line = pane.element.querySelector(".quote");
  const asked = (pane.quoted = Symbol("the newest question"));
  if (!content || pane.busy || !pane.name) return (line.hidden = true);
  const answer = await post(`/studio/quote?project=${encodeURIComponent(project)}`, JSON.stringify(light(streaming(pane.body(content)))));
  if (pane.quoted !== asked || pane.busy) return;
  const told = answer && !answer.redirected ? await answer.json().catch(() => null) : null;
  line.hidden = !told?.quote && !told?.error;
  line.classList.toggle("bad", Boolean(told?.error));
  if (told?.error) line.textContent = `Would be refused: ${told.error.message}`;
  else if (told) line.replaceChildren(...words(told.quote, told.means));
  if (told?.means) showMeans(told.means);
}

function light(body) {
  const messages = body.messages.map((message) => (Array.isArray(message.content) ? { ...message, content: message.content.map(lightPart) } : message));
  return { ...body, messages };
}

const lightPart = (part) => (part.type === "image_url" ? { type: "image_url", image_url: { url: NO_IMAGE } } : part);

function words(quote, { free_left, wallet_usd, day_left_usd, month_left_usd }) {
  const [estimate, hold] = [Number(quote.estimate_usd), Number(quote.hold_usd)];
  const size = `about ${quote.prompt_tokens.toLocaleString("en-US")} → ${quote.output_limit.toLocaleString("en-US")} tokens`;
  if (quote.is_free && free_left > 0) return [bold("Free"), ` (1 of ${free_left} left), else up to about ${dollars(estimate)} · ${size}`];
  const short = [[wallet_usd, "the wallet has"], [day_left_usd, "the project's day has"], [month_left_usd, "the project's month has"]].find(([left]) => left !== null && Number(left) < hold);
  const warning = short ? [" · ", bold(`${short[1]} only ${dollars(Number(short[0]))} left`)] : [];
  return ["Up to about ", bold(dollars(estimate)), " · holds ", bold(dollars(hold)), ` · ${size} · ${quote.served_by}`, ...warning];
}

function showMeans({ free_left, free_limit, free_resets_at, wallet_usd, day_left_usd, month_left_usd }) {
  const resets = free_resets_at ? `, new ones ${new Date(free_resets_at).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" })}` : "";
  const project = data.projects.find(({ id }) => id === form.elements.project.value)?.name ?? "";
  means.replaceChildren(...[
    `${free_left} of ${free_limit} free requests left${resets}`,
    `Wallet ${dollars(Number(wallet_usd))}`,
    day_left_usd !== null && `${project}: ${dollars(Number(day_left_usd))} left today`,
    month_left_usd !== null && `${project}: ${dollars(Number(month_left_usd))} left this month`,
  ].filter(Boolean).map((text) => Object.assign(document.createElement("span"), { textContent: text })));
  means.hidden = false;
}

const bold = (textContent) => Object.assign(document.createElement("b"), { textContent });
