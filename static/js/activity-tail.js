// The live tail: new requests of the filter arrive at the top. Where that would move what somebody reads, a button says how many there are.
// It rests while the tab is hidden or it is paused, and asks less and less often while the server does not answer.
import { ask, parse, replace } from "./activity-parts.js";
import { merge, newIn } from "./activity-rows.js";

const EVERY_MS = 4000;
const SLOWEST_MS = 60_000;
const WHOLE_EVERY_MS = 15_000; // tiles and chart of a busy organization follow more slowly than its rows
const SAY_EVERY_MS = 10_000;
const WALK_MS = 8000; // so long after a key somebody is still where the focus is
const MEMORY = "clod_tail";

const tail = document.querySelector("[data-tail]");
const news = document.querySelector("[data-tail-news]");
const said = document.querySelector("[data-tail-said]");
const seen = () => document.querySelector("[data-seen]").dataset.seen;
let timer, asking, waiting = "", failures = 0;
let wholeAt = Date.now(), isStale = false;
let unsaid = 0, saidAt = 0, typedAt = 0;

const isPaused = () => localStorage.getItem(MEMORY) === "paused";

async function look() {
  clearTimeout(timer);
  if (document.hidden || isPaused()) return;
  if (waiting && !isReading()) show();
  asking = new AbortController();
  const isWhole = Date.now() - wholeAt >= WHOLE_EVERY_MS;
  const { signal } = asking;
  const answer = await ask({ seen: isWhole && isStale ? "" : waiting ? parse(waiting).querySelector("[data-seen]").dataset.seen : seen(), ...(!isWhole && tail && { part: "rows" }) }, signal);
  if (signal.aborted) return;
  if (answer.status === 200 || answer.status === 204) heard(answer, isWhole);
  else if (answer.status >= 500 || answer.status === 429 || !answer.status) missed();
  else return tell("Not live: log in again, or reload the page.", "bad");
  timer = setTimeout(look, failures ? delay() : EVERY_MS);
}

function heard({ status, text }, isWhole) {
  if (failures) speak("Live again.");
  failures = 0;
  tell("Live", "live");
  if (status === 204) return;
  if (!tail) return location.reload(); // the first request of all
  isStale = !isWhole;
  if (isWhole) renew(text);
  waiting = text;
  if (isReading()) offer();
  else show();
}

// Everything above the rows has the same size before and after.
function renew(html) {
  wholeAt = Date.now();
  for (const part of parse(html).querySelectorAll("[data-live]:not(#rows)")) replace(part);
  document.dispatchEvent(new Event("clod:activity"));
  document.dispatchEvent(new Event("clod:spent"));
}

function isReading() {
  const body = document.querySelector("#rows tbody");
  if (document.querySelector("dialog[open]")) return true;
  if (!body) return false;
  const selection = getSelection();
  const isPicking = !selection.isCollapsed && body.contains(selection.anchorNode);
  const top = document.querySelector(".topbar")?.getBoundingClientRect().bottom ?? 0;
  const isWalking = Date.now() - typedAt < WALK_MS && body.contains(document.activeElement);
  return isPicking || isWalking || body.getBoundingClientRect().top < top;
}

function show() {
  const count = newIn(waiting);
  merge(waiting);
  waiting = "";
  news.hidden = true;
  unsaid += count;
  if (unsaid && Date.now() - saidAt > SAY_EVERY_MS) speak(`${counted(unsaid)}.`);
}

function offer() {
  const count = newIn(waiting);
  news.hidden = !count;
  if (news.lastElementChild.textContent !== counted(count)) news.lastElementChild.textContent = counted(count);
}

function counted(count) {
  return `${count >= 50 ? "50 or more" : count} new ${count === 1 ? "request" : "requests"}`;
}

function missed() {
  failures += 1;
  tell(`No answer from the server. Next try in ${Math.round(delay() / 1000)} s`, "bad");
  if (failures === 1) speak("The server does not answer. Trying again.");
}

const delay = () => Math.min(EVERY_MS * 2 ** Math.min(failures, 5), SLOWEST_MS);

function tell(text, tone) {
  if (!tail) return;
  tail.querySelector("[data-tail-state]").textContent = text;
  tail.querySelector(".dot").className = `dot ${tone}`;
}

function speak(text) {
  if (said) said.textContent = text;
  [unsaid, saidAt] = [0, Date.now()];
}

function rest() {
  clearTimeout(timer);
  asking?.abort();
}

function drawToggle() {
  const button = tail.querySelector("[data-tail-toggle]");
  button.setAttribute("aria-pressed", isPaused());
  button.querySelector("[data-tail-word]").textContent = isPaused() ? "Resume" : "Pause";
  tell(isPaused() ? "Paused" : "Live", isPaused() ? "" : "live");
}

function toggle() {
  localStorage.setItem(MEMORY, isPaused() ? "live" : "paused");
  drawToggle();
  rest();
  look();
}

if (tail || document.querySelector(".empty[data-seen]")) {
  document.addEventListener("visibilitychange", () => (document.hidden ? rest() : look()));
  timer = setTimeout(look, EVERY_MS);
}
if (tail) {
  document.addEventListener("keydown", () => (typedAt = Date.now()));
  tail.hidden = false;
  drawToggle();
  tail.querySelector("[data-tail-toggle]").addEventListener("click", toggle);
  news.addEventListener("click", () => {
    show();
    document.querySelector(".requests-part").scrollIntoView();
    document.querySelector("#rows .table-wrap")?.focus({ preventScroll: true });
  });
}
