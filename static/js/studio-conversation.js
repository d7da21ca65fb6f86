// A conversation of the log, opened in Activity, to be gone on with: its settings go into the form, its turns into a pane.
import { clone } from "./studio-page.js";

// As studio-setup.js has it; what the request did not say is left empty, so that it is not sent here either.
export function setupOf({ request }) {
  const text = (value) => (value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value, null, 2));
  const { response_format: format, stop } = request;
  const fields = Object.fromEntries(["temperature", "top_p", "seed", "n", "reasoning_effort", "tools"].map((name) => [name, text(request[name])]));
  const choice = request.tool_choice;
  return {
    fields: {
      ...fields,
      system: text(opening(request)?.content),
      max_tokens: text(request.max_completion_tokens ?? request.max_tokens),
      stops: (Array.isArray(stop) ? stop : [stop ?? ""]).join("\n"),
      format: ["json_object", "json_schema"].includes(format?.type) ? format.type : "",
      schema: text(format?.json_schema),
      tool_choice: ["required", "none"].includes(choice) ? choice : "",
    },
    panes: [{ model: String(request.model) }],
  };
}

// Instructions that are one text at the beginning have a field of their own.
function opening({ messages }) {
  const [first] = messages;
  return ["system", "developer"].includes(first?.role) && typeof first.content === "string" ? first : undefined;
}

// What had been said, the first answer included.
export function turnsOf({ request, response }) {
  const said = request.messages.slice(opening(request) ? 1 : 0);
  const { role, content, refusal, tool_calls } = response?.choices?.[0]?.message ?? {};
  return role ? [...said, { role, content, ...(refusal && { refusal }), ...(tool_calls?.length && { tool_calls }) }] : said;
}

// A turn of somebody else than the reader, as text.
export function pastView({ role, content, refusal, tool_calls, name, tool_call_id }, model) {
  const view = clone(role === "assistant" ? "turn-assistant" : "turn-tool");
  view.removeAttribute("aria-busy");
  view.querySelector(".who").textContent = role === "assistant" ? model : ["Turn of", role, name ?? tool_call_id].filter(Boolean).join(" ");
  view.querySelector(".text").textContent = [plain(content), refusal, tool_calls && JSON.stringify(tool_calls, null, 2)].filter(Boolean).join("\n\n");
  return view;
}

const plain = (content) => (Array.isArray(content) ? content.map(({ text = "(image)" }) => text).join("\n") : content);
