// A document of what was said, as a conversation. Everything in it was written by others: it becomes text, never markup.
const IMAGE = /^data:image\/(png|jpeg|gif|webp);base64,/;
const TURNS = new Set(["messages", "prompt", "input"]);

// Elements for a conversation: what was asked, what was answered, what went wrong.
export function turns({ request, response, error }) {
  const found = [...(isLeftOut(request) ? [leftOut("The prompt", request)] : asked(request ?? {}))];
  if (isLeftOut(response)) found.push(leftOut("The answer", response));
  else if (response) found.push(...answered(response));
  if (error) found.push(turn("Error", "bad", [paragraph(error.message ?? JSON.stringify(error)), error.code && label(error.code)]));
  return found;
}

const isLeftOut = (part) => typeof part?.left_out === "string";
const leftOut = (what, part) => turn(what, "left-out", [paragraph(`Left out: ${part.left_out} (${(part.bytes / 1024 / 1024).toFixed(1)} MiB).`)]);

function asked(request) {
  const settings = Object.fromEntries(Object.entries(request).filter(([name]) => !TURNS.has(name)));
  const said = Array.isArray(request.messages) ? request.messages : list(request.prompt ?? request.input).map((content) => ({ role: "user", content }));
  return [...said.map(message), folded("Settings of the request", settings)];
}

function answered(response) {
  if (Array.isArray(response.choices)) return response.choices.map((choice, index) => choiceOf(choice ?? {}, response.choices.length > 1 ? index + 1 : 0));
  if (Array.isArray(response.data)) return [turn("Answer", "assistant", [paragraph(`${response.data.length} ${response.data.length === 1 ? "vector" : "vectors"}`)])];
  return [turn("Answer", "assistant", [block(response)])];
}

function choiceOf({ message: said, text, finish_reason }, number) {
  const view = message({ role: "assistant", content: text, ...said });
  if (number) view.querySelector(".who").textContent += ` ${number}`;
  if (finish_reason && finish_reason !== "stop") view.append(label(`ended with ${finish_reason}`));
  return view;
}

const NAMES = { system: "System", developer: "Developer", user: "User", assistant: "Assistant", tool: "Result of a tool", function: "Result of a tool" };

function message(said) {
  if (typeof said !== "object" || said === null) return turn("User", "user", content(said));
  const { role, content: parts, reasoning_content, reasoning, refusal, tool_calls, name, tool_call_id } = said;
  const who = [NAMES[role] ?? String(role), name, tool_call_id].filter(Boolean).join(" · ");
  const thoughts = reasoning_content ?? reasoning;
  return turn(who, NAMES[role] ? role : "user", [
    thoughts && folded("Reasoning", thoughts),
    ...content(parts),
    refusal && paragraph(refusal),
    ...list(tool_calls).map(call),
  ]);
}

function content(parts) {
  if (parts === null || parts === undefined || parts === "") return [];
  if (typeof parts === "string") return [paragraph(parts)];
  return list(parts).map(part);
}

function part(each) {
  if (typeof each === "string") return paragraph(each);
  if (typeof each?.text === "string") return paragraph(each.text);
  const url = each?.image_url?.url ?? each?.image_url;
  if (typeof url !== "string") return block(each);
  if (!IMAGE.test(url)) return paragraph(`Image: ${url}`);
  return Object.assign(new Image(), { src: url, alt: "An image in the prompt" });
}

function call(each) {
  const { name, arguments: given } = each?.function ?? {};
  const view = element("div", "call");
  view.append(label(`calls ${name ?? "a tool"}${each?.id ? ` · ${each.id}` : ""}`), block(parsed(given) ?? each));
  return view;
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return text; }
}

// --- elements ----------------------------------------------------------------------------------------

const list = (value) => (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]);

function element(tag, className, text) {
  return Object.assign(document.createElement(tag), { className, ...(text !== undefined && { textContent: text }) });
}

const paragraph = (text) => element("div", "text", String(text));
const label = (text) => element("p", "faint note", String(text));

function block(value) {
  const view = element("pre", "json", typeof value === "string" ? value : JSON.stringify(value, null, 2));
  view.tabIndex = 0;
  return view;
}

function folded(title, value) {
  const view = element("details", "more");
  view.append(element("summary", "", title), typeof value === "string" ? element("div", "text thought", value) : block(value));
  return view;
}

function turn(who, role, inside) {
  const view = element("article", `said-turn ${role}`);
  view.append(element("p", "who", who), ...inside.filter(Boolean));
  return view;
}
