"""What is done to a webhook with one button. For owners and admins."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.access import MemberRequest, member_page
from accounts.undo import undoing
from team import audit
from webhooks import page, registry, replay


@require_POST
@member_page
def webhook_disable(request: MemberRequest, webhook_id: UUID) -> HttpResponse:
    webhook = page.find(request, webhook_id, "disable webhooks")
    if registry.disable(webhook):
        audit.record(request, "webhook.disable", webhook, named=webhook.url)
    undo = undoing("webhook_enable", webhook.pk)
    messages.success(request, "The webhook is disabled. What happens meanwhile can be sent once it is enabled.", undo)
    return redirect("webhook", webhook.pk)


@require_POST
@member_page
def webhook_enable(request: MemberRequest, webhook_id: UUID) -> HttpResponse:
    webhook = page.find(request, webhook_id, "enable webhooks")
    registry.enable(webhook)
    if not webhook.is_enabled:
        audit.record(request, "webhook.enable", webhook, named=webhook.url)
    messages.success(request, "The webhook is enabled. Send again what failed, if it should still arrive.")
    return redirect("webhook", webhook.pk)


@require_POST
@member_page
def webhook_test(request: MemberRequest, webhook_id: UUID) -> HttpResponse:
    webhook = page.find(request, webhook_id, "send test events")
    if not webhook.is_enabled:
        messages.error(request, "The webhook is disabled. Enable it first.")
        return redirect("webhook", webhook.pk)
    try:
        replay.test(webhook)
    except replay.TooManyTests:
        messages.error(request, "Earlier test events have not arrived yet. Look at their answers first.")
        return redirect("webhook", webhook.pk)
    audit.record(request, "webhook.test", webhook, named=webhook.url)
    messages.success(request, "A test event is on its way. It is the first line below.")
    return redirect("webhook", webhook.pk)


@require_POST
@member_page
def webhook_all_again(request: MemberRequest, webhook_id: UUID) -> HttpResponse:
    webhook = page.find(request, webhook_id, "send events again")
    if not webhook.is_enabled:
        messages.error(request, "The webhook is disabled. Enable it first.")
        return redirect("webhook", webhook.pk)
    if count := replay.all_failed(webhook):
        audit.record(request, "webhook.all_again", webhook, named=webhook.url, changes={"deliveries": ("failed", str(count))})
    messages.success(request, f"{count} event{'' if count == 1 else 's'} that failed {'is' if count == 1 else 'are'} sent again.")
    return redirect("webhook", webhook.pk)
