// A <form data-passkey> asks the browser for a passkey when it is sent, and sends what it got in its field "credential".
// "login" fetches its options from the form's address; "get" and "create" find them in #passkey-options. Without WebAuthn the forms stay hidden.
const forms = document.querySelectorAll("form[data-passkey]");
const problems = {
  NotAllowedError: "The browser gave us no passkey: it was cancelled, took too long, or there is none for this site.",
  InvalidStateError: "This device has a passkey for your account already.",
  SecurityError: `Passkeys work where a site is opened by its name${named() ? "" : `: open http://localhost:${location.port} instead`}.`,
};

for (const form of window.PublicKeyCredential && window.webauthnJSON ? forms : []) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}

async function send(form) {
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  tell(form, "");
  try {
    form.elements.credential.value = JSON.stringify(await credential(form));
    form.submit();
  } catch (error) {
    tell(form, problems[error.name] ?? "Something came between. Reload the page and try again.");
    button.disabled = false;
  }
}

async function credential(form) {
  if (form.dataset.passkey === "create") return window.webauthnJSON.create(withChoice(options(), form.elements.passwordless));
  return window.webauthnJSON.get(form.dataset.passkey === "login" ? await asked(form.action) : options());
}

function options() {
  return JSON.parse(document.getElementById("passkey-options").textContent);
}

async function asked(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.statusText);
  return (await answer.json()).request_options;
}

// A passkey that logs in on its own is kept by the device together with whose it is, and asks who is there.
function withChoice(wanted, choice) {
  if (!choice) return wanted;
  const how = choice.checked ? ["required", "required"] : ["discouraged", "preferred"];
  const [residentKey, userVerification] = how;
  Object.assign(wanted.publicKey.authenticatorSelection, { residentKey, requireResidentKey: choice.checked, userVerification });
  return wanted;
}

function tell(form, text) {
  const place = form.querySelector("[data-problem]");
  place.textContent = text;
  place.hidden = !text;
}

function named() {
  return /[a-z]/i.test(location.hostname) && !location.hostname.includes(":");
}

// What the server said of the passkey it was sent.
for (const place of document.querySelectorAll("[data-problem]")) place.hidden = !place.textContent;
