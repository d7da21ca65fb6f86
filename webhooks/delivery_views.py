"""One delivery: what was sent, what came back, and sending it again. For owners and admins."""

import json
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts import access
from accounts.access import MemberRequest, member_page
from team import audit
from webhooks import page, replay
from webhooks.models import Delivery, Webhook


@require_safe
@member_page
def delivery_detail(request: MemberRequest, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    webhook = page.find(request, webhook_id, "read what webhooks were sent")
    delivery = _find(request, webhook, delivery_id)
    payload = json.dumps(json.loads(delivery.event.body), ensure_ascii=False, indent=2)
    context = {"webhook": webhook, "row": page.DeliveryRow(delivery), "payload": payload}
    return render(request, "webhooks/delivery_detail.html", context)


@require_POST
@member_page
def delivery_again(request: MemberRequest, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    webhook = page.find(request, webhook_id, "send events again")
    delivery = _find(request, webhook, delivery_id)
    if not webhook.is_enabled:
        messages.error(request, "The webhook is disabled. Enable it first.")
    elif replay.again(delivery):
        audit.record(request, "webhook.again", webhook, named=webhook.url, changes={"event": (delivery.state, delivery.event.public_id)})
        messages.success(request, "The event is sent again, with the same id.")
    else:
        messages.info(request, "It is on its way already.")
    return redirect("delivery", webhook.pk, delivery.pk)


def _find(request: MemberRequest, webhook: Webhook, delivery_id: UUID) -> Delivery:
    return access.find(Delivery.objects.select_related("event", "webhook"), request.membership, pk=delivery_id, webhook=webhook)
