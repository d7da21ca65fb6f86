// What a program written for the Vercel AI SDK does with CLōD. Prints one JSON object.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, isStepCount, Output, streamText, tool } from "ai";
import { z } from "zod";

const { CLOD_API_URL: baseURL, CLOD_API_KEY, CLOD_POOR_KEY, CLOD_NARROW_KEY } = process.env;
const clodWith = (apiKey) =>
  createOpenAICompatible({ name: "clod", baseURL, apiKey, includeUsage: true, supportsStructuredOutputs: true });
const clod = clodWith(CLOD_API_KEY);
const prompt = "one two three";
const maxRetries = 0;
const Weather = z.object({ city: z.string(), days: z.number().int() });
const weather = tool({ description: "The weather", inputSchema: Weather, execute: async ({ city }) => `sunny in ${city}` });
const withTools = { model: clod("fake/tool-call"), prompt, tools: { weather }, stopWhen: isStepCount(3) };

async function error(options, apiKey = CLOD_API_KEY) {
  try {
    await generateText({ prompt, maxRetries, ...options, model: clodWith(apiKey)(options.model) });
    return "no error";
  } catch (error) {
    return { name: error.name, status: error.statusCode ?? null, code: error.data?.error.code ?? null, retry: error.isRetryable ?? null };
  }
}

async function answered() {
  const { text, usage, finishReason, response } = await generateText({ model: clod("fake/echo"), prompt });
  return { text, finishReason, tokens: usage.totalTokens, cost: usage.raw.cost, costHeader: response.headers["x-clod-cost-usd"] };
}

async function streamed() {
  const stream = streamText({ model: clod("fake/echo"), prompt });
  const pieces = [];
  for await (const piece of stream.textStream) pieces.push(piece);
  return { pieces, tokens: (await stream.usage).totalTokens, finishReason: await stream.finishReason };
}

async function tools() {
  const { text, steps } = await generateText(withTools);
  return { text, reasons: steps.map((step) => step.finishReason), results: steps[0].toolResults.map((result) => result.output) };
}

async function streamedTools() {
  const stream = streamText(withTools);
  const parts = [];
  for await (const part of stream.fullStream) parts.push(part.type);
  return { parts, text: await stream.text };
}

async function aborted() {
  const leaving = new AbortController();
  const model = clod("fake/long");
  const providerOptions = { clod: { fake: { pause_s: 0.02 } } };
  const stream = streamText({ model, prompt, providerOptions, abortSignal: leaving.signal });
  const parts = [];
  for await (const part of stream.fullStream) {
    parts.push(part.type);
    if (part.type === "text-delta") leaving.abort();
  }
  return parts;
}

async function brokenOff() {
  const stream = streamText({ model: clod("fake/cut-mid-stream"), prompt, onError: () => {} });
  let said = "", failure = null;
  for await (const part of stream.fullStream) {
    if (part.type === "text-delta") said += part.text;
    if (part.type === "error") failure = part.error.message ?? String(part.error);
  }
  return { said, failure };
}

async function thought() {
  const { text, reasoningText } = await generateText({ model: clod("fake/reasoning"), prompt });
  return { text, reasoningText };
}

const asked = { model: clod("fake/json"), prompt, output: Output.object({ schema: Weather }) };
const fallback = await generateText({
  model: clod("fake/hang-up"), prompt, maxRetries, providerOptions: { clod: { models: ["fake/echo"] } },
});

console.log(JSON.stringify({
  answered: await answered(),
  streamed: await streamed(),
  tools: await tools(),
  streamedTools: await streamedTools(),
  object: (await generateText(asked)).output,
  streamedObject: await streamText(asked).output,
  thought: await thought(),
  fallback: fallback.response.modelId,
  aborted: await aborted(),
  brokenOff: await brokenOff(),
  timedOut: await error({ model: "fake/hang", abortSignal: AbortSignal.timeout(500) }),
  refusals: {
    400: await error({ model: "fake/error-400" }),
    401: await error({ model: "fake/echo" }, "sk-of-somebody-else"),
    402: await error({ model: "fake/echo" }, CLOD_POOR_KEY),
    403: await error({ model: "fake/json" }, CLOD_NARROW_KEY),
    404: await error({ model: "fake/nothing" }),
    502: await error({ model: "fake/refuse-connection" }),
    503: await error({ model: "gpt-4o" }),
  },
}));
