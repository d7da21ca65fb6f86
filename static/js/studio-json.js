// What is written in the schema and tools editors: its value, or the problem with its line and column.
export function readTools(text) {
  const read = parsed(text);
  if (read.problem || read.value === undefined) return read;
  const list = Array.isArray(read.value) ? read.value : [read.value];
  const wrong = list.findIndex((tool) => !tool?.function?.name && !tool?.custom?.name);
  if (wrong >= 0) return { problem: `Tool ${wrong + 1} needs "type": "function" and a "function" with a "name".` };
  return { value: list };
}

// A schema alone gets a name; {"name", "schema"} is taken as it is.
export function readSchema(text) {
  const read = parsed(text);
  if (read.problem || read.value === undefined) return read;
  const { value } = read;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { problem: "A schema is an object, such as the example." };
  return { value: value.name && value.schema ? value : { name: "answer", schema: value } };
}

function parsed(text) {
  if (!text.trim()) return {};
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { problem: `${place(text)}${plain(error.message)}` };
  }
}

function place(text) {
  const before = text.slice(0, fault(text)).split("\n");
  return `Line ${before.length}, column ${before.at(-1).length + 1}: `;
}

const SPACE = /[ \t\n\r]*/y;
const SCALAR = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const CLOSING = { "{": "}", "[": "]" };

// Where JSON stops being JSON: browsers tell it in words of their own, or not at all. ``due`` is what may stand there: a value, a key,
// a colon, or what follows a value.
function fault(text) {
  const open = [];
  let [at, due] = [0, "value"];
  const match = (pattern) => { pattern.lastIndex = at; return pattern.exec(text)?.[0] ?? ""; };
  for (;;) {
    at += match(SPACE).length;
    const char = text[at];
    const scalar = match(SCALAR);
    if (due === "next" && char === ",") [at, due] = [at + 1, open.at(-1) === "}" ? "key" : "value"];
    else if (char && char === open.at(-1) && due !== "colon" && (due === "next" || isFresh(text, at))) { open.pop(); [at, due] = [at + 1, "next"]; }
    else if (due === "colon" && char === ":") [at, due] = [at + 1, "value"];
    else if (due === "key" && scalar[0] === '"') [at, due] = [at + scalar.length, "colon"];
    else if (due === "value" && CLOSING[char]) { open.push(CLOSING[char]); [at, due] = [at + 1, char === "{" ? "key" : "value"]; }
    else if (due === "value" && scalar) [at, due] = [at + scalar.length, "next"];
    else return at;
    if (due === "next" && !open.length) due = "end";
  }
}

// A bracket may close at once, but not behind a comma or a colon.
const isFresh = (text, at) => /[[{]\s*$/.test(text.slice(0, at));

const plain = (message) => message.replace(/^JSON\.parse: /, "").replace(/,? (in JSON )?at (position|line) .*$/, "").replace(/, (\.\.\.)?".*" is not valid JSON$/s, "") + ".";

export const EXAMPLES = {
  schema: { type: "object", properties: { city: { type: "string" }, country: { type: "string" } }, required: ["city", "country"], additionalProperties: false },
  tools: [{ type: "function", function: { name: "get_weather", description: "The weather of a city now.", parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } } }],
};
