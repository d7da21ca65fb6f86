// The completion that a stream's chunks add up to, in the shape the API answers when it does not stream.
export class Completion {
  choices = [];
  head = {};

  take(chunk) {
    const { id, created, model } = chunk;
    this.head = { id, object: "chat.completion", created, model };
    if (chunk.usage) this.usage = chunk.usage;
    for (const { index, delta, finish_reason } of chunk.choices ?? []) {
      const choice = (this.choices[index] ??= { index, message: { role: "assistant", content: null }, finish_reason: null });
      if (finish_reason) choice.finish_reason = finish_reason;
      merge(choice.message, delta ?? {});
    }
  }

  get value() {
    return { ...this.head, choices: this.choices.filter(Boolean), ...(this.usage && { usage: this.usage }) };
  }

  // What the conversation goes on with. Calls that were cut off are none.
  message(stopped) {
    const { role, content, tool_calls, refusal } = this.choices[0]?.message ?? {};
    const calls = stopped ? undefined : tool_calls;
    if (!content && !calls?.length && !refusal) return null;
    return { role, content, ...(refusal && { refusal }), ...(calls?.length && { tool_calls: calls }) };
  }
}

function merge(message, delta) {
  for (const name of ["content", "reasoning_content", "refusal"]) if (delta[name]) message[name] = (message[name] ?? "") + delta[name];
  for (const { index, id, type, function: called } of delta.tool_calls ?? []) {
    message.tool_calls ??= [];
    const call = (message.tool_calls[index] ??= { id: "", type: "function", function: { name: "", arguments: "" } });
    if (id) call.id = id;
    if (type) call.type = type;
    call.function.name += called?.name ?? "";
    call.function.arguments += called?.arguments ?? "";
  }
}
