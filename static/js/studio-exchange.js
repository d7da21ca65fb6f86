// The exact request and response of a call, as text: first line, headers, body. Of long streams the first events are kept.
const MOST_EVENTS = 2000;

export class Exchange {
  events = [];
  unkept = 0;

  asked(address, headers, body) {
    const lines = Object.entries(headers).map(([name, value]) => `${name.toLowerCase()}: ${value}`);
    const url = new URL(address, location.origin);
    this.request = [`POST ${url.pathname} HTTP/1.1`, `host: ${url.host}`, "authorization: Bearer clod_st_…", ...lines, "", body].join("\n");
    this.events = [];
  }

  answered(answer) {
    this.isStream = answer.ok;
    this.head = [`HTTP ${answer.status} ${answer.statusText}`.trim(), ...[...answer.headers].map(([name, value]) => `${name}: ${value}`), ""];
  }

  heard(event) {
    if (this.events.length < MOST_EVENTS) this.events.push(event);
    else this.unkept += 1;
  }

  get response() {
    if (!this.head) return "No answer came.";
    const body = this.events.map((event) => (this.isStream ? `data: ${event}\n` : event));
    return [...this.head, ...body, ...(this.unkept ? [`… and ${this.unkept.toLocaleString("en-US")} more events`] : [])].join("\n");
  }

  show() {
    const dialog = document.getElementById("exchange-dialog");
    const [request, response] = dialog.querySelectorAll("pre");
    request.textContent = this.request ?? "Nothing was sent.";
    response.textContent = this.response;
    dialog.showModal();
  }
}
