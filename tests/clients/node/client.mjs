// What a Node program does with CLōD, through the official client. Prints one JSON object.
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.env.CLOD_API_URL, apiKey: process.env.CLOD_API_KEY, maxRetries: 0 });
const model = "SmolLM2 135M Instruct";
const messages = [
  { role: "system", content: "You are a helpful assistant." },
  { role: "user", content: "What is the capital of France?" },
];

const completion = await client.chat.completions.create({ model, messages, max_completion_tokens: 24, temperature: 0 });

let streamed = "";
let usage = null;
const stream = await client.chat.completions.create({
  model, messages, max_completion_tokens: 24, temperature: 0, stream: true, stream_options: { include_usage: true },
});
for await (const chunk of stream) {
  streamed += chunk.choices[0]?.delta?.content ?? "";
  usage = chunk.usage ?? usage;
}

const refusals = {};
for (const wrong of ["no-such-model", `${model}@cheapest`]) {
  try {
    await client.chat.completions.create({ model: wrong, messages });
  } catch (error) {
    refusals[wrong] = { name: error.constructor.name, status: error.status, code: error.code };
  }
}

const models = [];
for await (const listed of client.models.list()) models.push(listed.id);

console.log(JSON.stringify({ answer: completion.choices[0].message.content, cost: completion.usage.cost, streamed, usage, refusals, models }));
