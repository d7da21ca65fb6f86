// The tools an answer calls: each with its arguments and room for a result, which the conversation then goes on with.
import { clone } from "./studio-page.js";

export function showCalls(place, calls, goOn) {
  place.hidden = false;
  const forms = calls.map((call) => {
    const form = clone("call-template");
    form.querySelector("b").textContent = call.function.name;
    form.querySelector("pre").textContent = tidy(call.function.arguments);
    place.append(form);
    return { call, result: form.querySelector("textarea") };
  });
  const send = clone("call-send");
  place.append(send);
  send.addEventListener("click", () => {
    send.remove();
    for (const { result } of forms) result.disabled = true;
    goOn(forms.map(({ call, result }) => ({ id: call.id, name: call.function.name, content: result.value })));
  }, { once: true });
}

function tidy(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}
