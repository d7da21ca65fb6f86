"""A webhook that is of no use is disabled: one that says it is gone, and one that nothing has reached for three days. Owners and admins
get a mail, and its page says why."""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail

from team import mail_choices
from webhooks.events import NOT_SENT
from webhooks.models import Delivery, DeliveryState, Webhook
from webhooks.posting import Outcome

GIVEN_UP_AFTER = timedelta(days=3)
IS_GONE = "Its server answered 410 Gone: it wants no more events."
IS_SILENT = "Every delivery failed for three days."

log = logging.getLogger("clod.webhooks")


def reason(outcome: Outcome, failing_since: datetime, now: datetime) -> str:
    """Why a webhook is to be disabled after this failure; empty when it is not."""
    if outcome.is_gone:
        return IS_GONE
    return IS_SILENT if now - failing_since >= GIVEN_UP_AFTER else ""


def disable(webhook: Webhook, now: datetime, why: str = "") -> bool:
    """In the caller's transaction. What waits has failed with it, and can be sent again once it is enabled."""
    if not Webhook.objects.filter(pk=webhook.pk, disabled_at=None).update(disabled_at=now, disabled_reason=why):
        return False
    waiting = Delivery.objects.filter(webhook_id=webhook.pk, state=DeliveryState.WAITING)
    waiting.update(state=DeliveryState.FAILED, next_try_at=None, ended_at=now, answer=NOT_SENT)
    return True


def tell(webhook: Webhook, why: str) -> None:
    """A mail server that is away is logged; the page says the same."""
    address = f"{settings.CLOD_BASE_URL}/settings/webhooks/{webhook.public_id}"
    paragraphs = (
        f"The webhook {webhook} of {webhook.organization.name} is disabled, and is told of nothing more. {why}",
        f"Its address is {webhook.url}.",
        f"Once it answers again, enable it and send again all that failed: {address}",
        f"Choose what we mail you: {settings.CLOD_BASE_URL}/settings#mails",
    )
    to = mail_choices.recipients(webhook.organization_id, "webhooks")
    try:
        if to:
            send_mail(f"A webhook of {' '.join(webhook.organization.name.split())} is disabled", "\n\n".join(paragraphs), None, to)
    except (SMTPException, OSError) as error:
        log.error("a mail about a disabled webhook could not be sent: %s", error)
