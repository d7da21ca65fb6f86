// A conversation on its way from Activity to Studio: through this tab's own storage, out of which Studio takes it at once.
const HANDED = "clod_handed_over";

export function handOver({ request, response }, isSealed) {
  try {
    sessionStorage.setItem(HANDED, JSON.stringify({ request, response, isSealed }));
  } catch {
    document.dispatchEvent(new CustomEvent("clod:toast", { detail: { text: "This conversation is too long for the browser to take along.", tone: "warn" } }));
  }
}

// {request, response, isSealed}, once; null when nothing was handed over.
export function takeOver() {
  const text = sessionStorage.getItem(HANDED);
  sessionStorage.removeItem(HANDED);
  try {
    const said = JSON.parse(text);
    return Array.isArray(said?.request?.messages) ? said : null;
  } catch {
    return null;
  }
}
