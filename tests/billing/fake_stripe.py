"""A small Stripe on this machine: sessions and payment intents, its idempotency keys, and events signed as Stripe signs them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

import stripe
from django.http import HttpResponse
from django.test import Client

from billing.models import TopUp
from clod_site.lib import clock, ids

API_KEY = "sk_test_the_secret_of_the_tests"
WEBHOOK_SECRET = "whsec_the_secret_of_the_tests"
CENT = 10_000_000
ON_FIRE = 500, {"error": {"type": "api_error", "message": "on fire"}}
_numbers = count(1)
_stripe = Client(enforce_csrf_checks=True)  # one for all: making a client reads the list of static files


class FakeStripe:
    """``behaviour``: ok, processing, declined, needs-person, refused, wrong-key, down. ``journal`` holds what was asked for, once each."""

    def __init__(self) -> None:
        self.behaviour = "ok"
        self.journal: list[tuple[str, dict[str, str]]] = []
        self.answers: dict[str, tuple[int, dict[str, Any]]] = {}
        self.payments: list[str] = []
        self.lose_answers = False  # do it, and answer with an error
        self.fail_next = 0
        self.url = ""
        self._lock = threading.Lock()

    def answer(self, path: str, form: dict[str, str], key: str, authorization: str) -> tuple[int, dict[str, Any]]:
        if self.behaviour == "wrong-key" or authorization != f"Bearer {API_KEY}":
            return 401, {"error": {"type": "invalid_request_error", "message": f"Invalid API Key provided: {API_KEY}"}}
        with self._lock:
            self.fail_next -= 1
            if self.behaviour == "down" or self.fail_next >= 0:
                return ON_FIRE
            if key not in self.answers:
                self.journal.append((path, form))
                self.answers[key] = getattr(self, f"_{path.rpartition('/')[2]}")(form)
            return ON_FIRE if self.lose_answers else self.answers[key]

    def _sessions(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if self.behaviour == "refused":
            return 400, {"error": {"type": "invalid_request_error", "message": "Invalid email", "code": "email_invalid"}}
        name = f"cs_test_{next(_numbers)}"
        return 200, {"id": name, "object": "checkout.session", "url": f"https://checkout.stripe.com/c/pay/{name}"}

    def _payment_intents(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        intent = {"id": f"pi_{next(_numbers)}", "object": "payment_intent", "currency": form["currency"], "amount": int(form["amount"])}
        self.payments.append(str(intent["id"]))
        intent |= {"metadata": {"top_up": form["metadata[top_up]"]}}
        if self.behaviour in {"declined", "needs-person"}:
            code = "card_declined" if self.behaviour == "declined" else "authentication_required"
            error = {"type": "card_error", "code": code, "message": "Your card was declined.", "payment_intent": intent}
            return 402, {"error": error}
        if self.behaviour == "processing":
            return 200, intent | {"status": "processing", "amount_received": 0}
        return 200, intent | {"status": "succeeded", "amount_received": intent["amount"]}


@contextmanager
def running() -> Iterator[FakeStripe]:
    fake = FakeStripe()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            key, authorization = self.headers["Idempotency-Key"], self.headers["Authorization"]
            status, body = fake.answer(self.path, form, key, authorization)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Stripe-Should-Retry", "false")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        fake.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield fake
        server.shutdown()
        thread.join()


def event(type_: str, subject: dict[str, Any], name: str = "") -> dict[str, Any]:
    name = name or f"evt_{next(_numbers)}"
    return {"id": name, "object": "event", "type": type_, "created": int(clock.now().timestamp()), "data": {"object": subject}}


def session(top_up: TopUp, type_: str = "completed", **changes: Any) -> dict[str, Any]:
    """A checkout.session event of this order, paid in full."""
    subject = {"id": "cs_1", "client_reference_id": top_up.public_id, "payment_intent": payment_of(top_up), "payment_status": "paid"}
    money = {"amount_total": top_up.amount_nanousd // CENT, "currency": "usd"}
    return event(f"checkout.session.{type_}", subject | money | changes)


def intent(top_up: TopUp, type_: str = "succeeded", **changes: Any) -> dict[str, Any]:
    money = {"amount_received": top_up.amount_nanousd // CENT, "currency": "usd"}
    subject = {"id": payment_of(top_up), "metadata": {"top_up": top_up.public_id}, "status": type_}
    return event(f"payment_intent.{type_}", subject | money | changes)


def charge_refunded(top_up: TopUp, cents: int) -> dict[str, Any]:
    return event("charge.refunded", {"id": "ch_1", "payment_intent": payment_of(top_up), "amount_refunded": cents, "currency": "usd"})


def refund(top_up: TopUp, cents: int, type_: str = "created", name: str = "re_1", status: str = "succeeded") -> dict[str, Any]:
    subject = {"id": name, "payment_intent": payment_of(top_up), "amount": cents, "currency": "usd", "status": status}
    return event(f"refund.{type_}", subject)


def dispute(top_up: TopUp, cents: int, type_: str = "created", status: str = "needs_response") -> dict[str, Any]:
    subject = {"id": f"dp_{top_up.public_id}", "payment_intent": payment_of(top_up), "amount": cents, "currency": "usd", "status": status}
    return event(f"charge.dispute.{type_}", subject | {"reason": "fraudulent"})


def payment_of(top_up: TopUp) -> str:
    return f"pi_of_{top_up.public_id}"


def send(body: dict[str, Any] | str, *, secret: str = WEBHOOK_SECRET, signature: str | None = None, at: int | None = None) -> HttpResponse:
    """Post an event to our webhook, signed by the library's own helper."""
    text = body if isinstance(body, str) else json.dumps(body)
    header = stripe.WebhookSignature.generate_signature_header(text, secret, at) if signature is None else signature
    return _stripe.post("/webhooks/stripe", text, content_type="application/json", headers={"Stripe-Signature": header})


def order(organization: Any, cents: int = 2500, **columns: Any) -> TopUp:
    """An order as it waits for its payment."""
    return TopUp.objects.create(
        organization=organization,
        idempotency_key=str(ids.uuid7()),
        amount_nanousd=cents * CENT,
        provider="stripe",
        checkout_url="https://checkout.stripe.com/c/pay/cs_1",
        **columns,
    )
