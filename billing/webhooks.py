"""Where Stripe tells us what happened. Anybody can call it, so nothing is read before the signature is right."""

import logging

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing import payment_events, payments
from billing.payments.port import ForgedEvent
from clod_site.lib.refusal import Refusal

MOST_BYTES = 256 * 1024  # an event is a few kilobytes

log = logging.getLogger("clod.payments")


@csrf_exempt
@require_POST
def stripe(request: HttpRequest) -> JsonResponse:
    """200 once the event is stored and acted on; 503 makes Stripe send it again. 404 where Stripe is not configured."""
    provider = payments.current()
    if provider is None or provider.name != "stripe":
        raise Http404
    try:
        event = provider.read_event(_body(request), request.headers.get("Stripe-Signature", ""))
        payment_events.receive(provider.name, event)
    except ForgedEvent as forged:
        log.warning("a webhook call was refused: %s", forged)
        return JsonResponse({"error": {"message": "This is not a signed event.", "code": "bad_signature"}}, status=400)
    except Refusal as refusal:
        return JsonResponse(refusal.body(), status=refusal.status)
    return JsonResponse({"received": True})


def _body(request: HttpRequest) -> bytes:
    body: bytes = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise ForgedEvent("its body is too large")
    return body
