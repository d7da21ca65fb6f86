// Exports with a progress bar: a link with data-export is read here, and handed to the browser as a file once it is known to be whole.
// Without JavaScript, and with a modifier key, the same link is an ordinary download.
const panel = document.querySelector("[data-export-panel]");
const [bar, name, count, said] = ["progress", "[data-export-name]", "[data-export-count]", "[data-export-said]"].map((each) => panel?.querySelector(each));
const [cancel, again, close] = ["cancel", "again", "close"].map((each) => panel?.querySelector(`[data-export-${each}]`));
const FOLD_BYTES = 8_000_000; // what is folded into a Blob may leave the page's memory
const SAY_EVERY_MS = 200;
const TAIL = 2000;
let link, running = null;

const counted = (number) => `${number.toLocaleString("en")} ${number === 1 ? "request" : "requests"}`;

async function start() {
  if (running) return;
  running = new AbortController();
  const about = Number(document.getElementById("tiles").dataset.requests);
  bar.removeAttribute("value");
  bar.max = Math.max(about, 1);
  draw("running", "Exporting", `0 of about ${counted(about)}`);
  say("Export started.");
  let got = 0;
  try {
    const answer = await fetch(link.href, { signal: running.signal });
    if (!answer.ok || answer.redirected) throw new Error(`${answer.status}`);
    const file = await read(answer, (rows) => {
      got = rows;
      bar.value = Math.min(rows, bar.max);
      count.textContent = rows > about ? counted(rows) : `${rows.toLocaleString("en")} of about ${counted(about)}`;
    });
    save(file, answer.headers.get("Content-Disposition").match(/filename="([^"]+)"/)[1]);
    bar.value = bar.max;
    end("done", "Exported", counted(file.rows));
  } catch {
    if (running.signal.aborted) end("cancelled", "Cancelled", "Nothing was saved.");
    else end("broken", "The connection broke", `after ${counted(got)}. Nothing was saved.`);
  }
}

// { blob, rows }; throws where the last line is not the one that ends a whole file.
async function read(answer, tell) {
  const isRow = rowEnds(answer.headers.get("Content-Type").startsWith("text/csv"));
  const reader = answer.body.getReader();
  let parts = [], size = 0, lines = 0, toldAt = 0, tail = new Uint8Array();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
    lines += isRow(value);
    tail = join(tail, value).slice(-TAIL);
    if (size > FOLD_BYTES) [parts, size] = [[new Blob(parts)], 0];
    if (Date.now() - toldAt > SAY_EVERY_MS) {
      toldAt = Date.now();
      tell(Math.max(lines - 1, 0));
    }
  }
  const end = new TextDecoder().decode(tail).match(/(?:^|\n)(?:"?end: (\d+) |\{"object": "end", "requests": (\d+),)[^\n]*\n$/);
  if (!end) throw new Error("no last line");
  return { blob: new Blob(parts), rows: Number(end[1] ?? end[2]) };
}

function rowEnds(isCsv) {
  let isQuoted = false;
  return (bytes) => {
    let found = 0;
    for (const byte of bytes) {
      if (byte === 34 && isCsv) isQuoted = !isQuoted;
      else if (byte === 10 && !isQuoted) found += 1;
    }
    return found;
  };
}

function join(first, second) {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

function save({ blob }, filename) {
  const href = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href, download: filename }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

function draw(state, title, text) {
  panel.hidden = false;
  panel.dataset.state = state;
  [name.textContent, count.textContent] = [title, text];
  cancel.hidden = state !== "running";
  again.hidden = state === "running" || state === "done";
  close.hidden = state === "running";
}

function end(state, title, text) {
  running = null;
  draw(state, title, text);
  say(`${title}. ${text}`);
  close.focus({ focusVisible: false });
}

function say(text) {
  said.textContent = text;
}

document.addEventListener("click", (event) => {
  const chosen = event.target.closest("a[data-export]");
  if (!chosen || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  chosen.closest("details").open = false;
  link = chosen;
  start();
});
cancel?.addEventListener("click", () => running?.abort());
again?.addEventListener("click", start);
close?.addEventListener("click", () => (panel.hidden = true));
addEventListener("beforeunload", (event) => running && event.preventDefault());
