// The official Node client and what the little real model cannot do. Prints one JSON object.
import OpenAI from "openai";
import { zodFunction, zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";

const { CLOD_API_URL: baseURL, CLOD_API_KEY: apiKey, CLOD_POOR_KEY, CLOD_NARROW_KEY, CLOD_HASTY_KEY } = process.env;
const clientWith = (options) => new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 20_000, ...options });
const client = clientWith();
const completions = client.chat.completions;
const messages = [{ role: "user", content: "one two three four five six seven eight" }];
const Weather = z.object({ city: z.string(), days: z.number().int() });
const asked = [];
const weather = zodFunction({
  name: "weather",
  parameters: Weather,
  function: (wanted) => { asked.push(wanted); return "sunny"; },
});

async function error(call) {
  try {
    await call();
    return "no error";
  } catch (error) {
    return { name: error.constructor.name, status: error.status ?? null, code: error.code ?? null };
  }
}

async function tools() {
  const runner = completions.runTools({ model: "fake/tool-call", messages, tools: [weather] });
  const answer = await runner.finalContent();
  return { asked, answer, roles: runner.messages.map((message) => message.role) };
}

async function streamedTool() {
  const pieces = [];
  const stream = completions.stream({ model: "fake/tool-call", messages, tools: [weather] });
  stream.on("tool_calls.function.arguments.delta", (event) => pieces.push(event.arguments_delta));
  const completion = await stream.finalChatCompletion();
  return { pieces, call: completion.choices[0].message.tool_calls[0].function.parsed_arguments };
}

async function parsed() {
  const response_format = zodResponseFormat(Weather, "weather");
  const completion = await completions.parse({ model: "fake/json", messages, response_format });
  return completion.choices[0].message.parsed;
}

async function headers() {
  const { data, response, request_id } = await completions.create({ model: "fake/echo", messages }).withResponse();
  return { same: request_id === data._request_id, paidBy: response.headers.get("x-clod-paid-by"), cost: data.usage.cost };
}

async function aborted() {
  const body = { model: "fake/long", messages, stream: true, fake: { pause_s: 0.02 } };
  const { data: stream, request_id } = await completions.create(body).withResponse();
  let chunks = 0;
  for await (const chunk of stream) {
    chunks += chunk.choices.length;
    if (chunks === 5) stream.controller.abort();
  }
  return { chunks, request_id };
}

async function abortedBeforeTheFirstWord() {
  const leaving = new AbortController();
  const call = completions.create({ model: "fake/hang", messages }, { signal: leaving.signal });
  setTimeout(() => leaving.abort(), 300);
  return error(() => call);
}

async function brokenOff() {
  let said = "";
  const failure = await error(async () => {
    for await (const chunk of await completions.create({ model: "fake/cut-mid-stream", messages, stream: true })) {
      said += chunk.choices[0].delta.content;
    }
  });
  return { said, failure };
}

async function hurried() {
  const hasty = clientWith({ apiKey: CLOD_HASTY_KEY });
  for (let round = 0; round < 5; round += 1) {
    const refusal = await error(() => hasty.chat.completions.create({ model: "fake/echo", messages }));
    if (refusal !== "no error") {
      const again = await hasty.chat.completions.create({ model: "fake/echo", messages }, { maxRetries: 1 });
      return { refusal, again: again.choices[0].message.content };
    }
  }
}

const underOneKey = (model, options) => {
  const headers = { "Idempotency-Key": crypto.randomUUID() };
  return (more) => completions.create({ model, messages, ...more }, { headers, ...options });
};

async function sentTwice() {
  const ask = underOneKey("fake/usage-every-chunk");
  return { ids: [(await ask()).id, (await ask()).id], reused: await error(() => ask({ n: 2 })) };
}

async function sentAtOnce() {
  const hasty = underOneKey("fake/slow");
  const patient = underOneKey("fake/slow", { maxRetries: 2 });
  const outcomes = await Promise.all([error(hasty), error(hasty)]);
  const answers = await Promise.all([patient(), patient()]);
  return { refusals: outcomes.filter((outcome) => outcome !== "no error"), ids: answers.map((answer) => answer.id) };
}

const refused = (options, body) => error(() => clientWith(options).chat.completions.create({ messages, ...body }));

console.log(JSON.stringify({
  tools: await tools(),
  streamedTool: await streamedTool(),
  parsed: await parsed(),
  headers: await headers(),
  choices: (await completions.create({ model: "fake/echo", messages, n: 2 })).choices.map((choice) => choice.index),
  fallback: (await completions.create({ model: "fake/hang-up", messages, models: ["fake/echo"] })).model,
  aborted: await aborted(),
  abortedBeforeTheFirstWord: await abortedBeforeTheFirstWord(),
  brokenOff: await brokenOff(),
  hurried: await hurried(),
  sentTwice: await sentTwice(),
  sentAtOnce: await sentAtOnce(),
  timedOut: await refused({ timeout: 500 }, { model: "fake/hang" }),
  refusals: {
    400: await refused({}, { model: "fake/error-400" }),
    401: await refused({ apiKey: "sk-of-somebody-else" }, { model: "fake/echo" }),
    402: await refused({ apiKey: CLOD_POOR_KEY }, { model: "fake/echo" }),
    403: await refused({ apiKey: CLOD_NARROW_KEY }, { model: "fake/json" }),
    404: await error(() => client.models.retrieve("nothing-like-it")),
    502: await refused({}, { model: "fake/error-401" }),
    503: await refused({}, { model: "gpt-4o" }),
  },
}));
