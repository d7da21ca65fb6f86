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
    return { problem: `${place(text, error.message)}${plain(error.message)}` };
  }
}

// Browsers tell a position, or a line and a column, or (at the end of the text) nothing.
function place(text, message) {
  const told = message.match(/line (\d+) column (\d+)/);
  if (told) return `Line ${told[1]}, column ${told[2]}: `;
  const position = Number(message.match(/position (\d+)/)?.[1] ?? text.length);
  const before = text.slice(0, position).split("\n");
  return `Line ${before.length}, column ${before.at(-1).length + 1}: `;
}

const plain = (message) => message.replace(/^JSON\.parse: /, "").replace(/,? (in JSON )?at (position|line) .*$/, "").replace(/, (\.\.\.)?".*" is not valid JSON$/s, "") + ".";

export const EXAMPLES = {
  schema: { type: "object", properties: { city: { type: "string" }, country: { type: "string" } }, required: ["city", "country"], additionalProperties: false },
  tools: [{ type: "function", function: { name: "get_weather", description: "The weather of a city now.", parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } } }],
};
