"""Settings › Webhooks: the list, a new one (its secret shown once), its page, changing, rotating and deleting it. For owners and admins."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from accounts.access import MANAGERS, MemberRequest, member_page
from clod_site.lib import clock
from team import audit
from webhooks import page, registry, samples
from webhooks.forms import WebhookForm, initial
from webhooks.models import DeliveryState, Webhook

DEED = "manage webhooks"


@require_safe
@member_page
def webhook_list(request: MemberRequest) -> HttpResponse:
    access.require(request.membership, MANAGERS, DEED)
    rows = [page.Row(webhook) for webhook in registry.of(request.membership.organization)]
    return render(request, "webhooks/webhook_list.html", {"rows": rows, "is_full": len(rows) >= registry.MOST})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@member_page
def webhook_new(request: MemberRequest) -> HttpResponse:
    access.require(request.membership, MANAGERS, DEED)
    form = WebhookForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            webhook, secret = registry.add(request.membership.organization, actor=request.user, **form.cleaned_data)
        except registry.NotAdded as error:
            form.add_error(None, str(error))
        else:
            audit.record(request, "webhook.add", webhook, named=webhook.url, changes=audit.changed({}, form.cleaned_data))
            return _show(request, webhook, secret)
    return render(request, "webhooks/webhook_form.html", {"form": form}, status=422 if form.is_bound else 200)


@require_safe
@never_cache
@member_page
def webhook_detail(request: MemberRequest, webhook_id: UUID) -> HttpResponse:
    """How it is, and what was sent. While something is on its way the page asks for its table again."""
    webhook = page.find(request, webhook_id, DEED)
    state, cursor, now = request.GET.get("state", ""), request.GET.get("cursor", ""), clock.now()
    state = state if state in page.STATES else ""
    found = page.deliveries(webhook, state=state, cursor=cursor)
    context = {
        "row": page.Row(webhook),
        "page": found,
        "state": state,
        "states": page.STATES.items(),
        "cursor": cursor,
        "here": page.query(state, cursor),
        "older": page.query(state, found.next_cursor),
        "is_moving": page.is_moving(found, now),
        "failed": webhook.deliveries.filter(state=DeliveryState.FAILED).count(),
        "is_rotating": webhook.previous_secret_until and webhook.previous_secret_until > now,
    }
    return render(request, "webhooks/webhook_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def webhook_edit(request: MemberRequest, webhook_id: UUID) -> HttpResponse:
    webhook = page.find(request, webhook_id, DEED)
    form = WebhookForm(request.POST if request.method == "POST" else None, initial=initial(webhook))
    if not form.is_valid():
        context = {"form": form, "webhook": webhook}
        return render(request, "webhooks/webhook_form.html", context, status=422 if form.is_bound else 200)
    registry.change(webhook, **form.cleaned_data)
    audit.record(request, "webhook.change", webhook, named=webhook.url, changes=audit.changed(initial(webhook), form.cleaned_data))
    messages.success(request, "The webhook is saved.")
    return redirect("webhook", webhook.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@member_page
def webhook_rotate(request: MemberRequest, webhook_id: UUID) -> HttpResponse:
    """A question first; then the new secret, this once. A form that is sent twice rotates once."""
    webhook, now = page.find(request, webhook_id, DEED), clock.now()
    if request.method != "POST":
        is_rotating = webhook.previous_secret_until and webhook.previous_secret_until > now
        context = {"webhook": webhook, "mark": registry.mark(webhook), "is_rotating": is_rotating}
        return render(request, "webhooks/webhook_rotate.html", context)
    try:
        if request.POST.get("mark") != registry.mark(webhook):
            raise registry.Rotated
        secret = registry.rotate(webhook, now)
    except registry.Rotated:
        messages.error(request, "The secret was rotated meanwhile. It was shown then, and cannot be shown again.")
        return redirect("webhook", webhook.pk)
    audit.record(request, "webhook.rotate", webhook, named=webhook.url)
    return _show(request, webhook, secret, is_rotated=True)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def webhook_delete(request: MemberRequest, webhook_id: UUID) -> HttpResponse:
    webhook = page.find(request, webhook_id, DEED)
    if request.method != "POST":
        return render(request, "webhooks/webhook_delete.html", {"webhook": webhook})
    audit.record(request, "webhook.delete", webhook, named=webhook.url)
    registry.delete(webhook)
    messages.success(request, "The webhook is deleted. Nothing more is sent to it.")
    return redirect("webhooks")


def _show(request: MemberRequest, webhook: Webhook, secret: str, *, is_rotated: bool = False) -> HttpResponse:
    context = {"webhook": webhook, "secret": secret, "is_rotated": is_rotated, "verify": samples.VERIFY}
    return render(request, "webhooks/webhook_shown.html", context)
