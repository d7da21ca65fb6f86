"""Mails about payments that need somebody: to the owners and admins of the organization, once for each occasion."""

import logging
from datetime import datetime
from smtplib import SMTPException
from uuid import UUID

from django.conf import settings

from billing import mails
from billing.models import AutoTopUp, TopUp
from clod_site.lib.money import format_usd

AT_ONCE = 200

log = logging.getLogger("clod.payments")


def send_all(now: datetime) -> None:
    """Every occasion nobody was told of yet. It is marked before the mail goes out: a mail lost is better than one each minute."""
    for wish in AutoTopUp.objects.filter(paused_told_at=None, paused_at__isnull=False).select_related("organization")[:AT_ONCE]:
        if AutoTopUp.objects.filter(pk=wish.pk, paused_told_at=None).update(paused_told_at=now):
            _tell_of_pause(wish)
    for top_up in TopUp.objects.filter(owed_nanousd__gt=0, owed_told_at=None).select_related("organization")[:AT_ONCE]:
        if TopUp.objects.filter(pk=top_up.pk, owed_told_at=None).update(owed_told_at=now):
            _tell_of_debt(top_up)


def _tell_of_pause(wish: AutoTopUp) -> None:
    name = wish.organization.name
    _mail(
        wish.organization_id,
        f"Automatic top-ups of {name} are paused",
        f"The wallet of {name} was to be topped up by {format_usd(wish.amount_nanousd)}, and that did not work.",
        wish.paused_reason,
        f"Nothing more is charged by itself until you resume automatic top-ups: {settings.CLOD_BASE_URL}/billing",
    )


def _tell_of_debt(top_up: TopUp) -> None:
    name = top_up.organization.name
    _mail(
        top_up.organization_id,
        f"{name} owes {format_usd(top_up.owed_nanousd)} of a top-up",
        f"{format_usd(top_up.reversed_nanousd)} of the top-up of {format_usd(top_up.amount_nanousd)} was refunded or disputed. "
        f"{format_usd(top_up.owed_nanousd)} of it had been spent, or is held by requests that are running.",
        "The rest is taken from the wallet when it has money again.",
        f"The top-up: {settings.CLOD_BASE_URL}/billing/top-ups/{top_up.public_id}",
    )


def _mail(organization_id: UUID, subject: str, *paragraphs: str) -> None:
    """A mail server that is away is logged; the Billing page says the same."""
    try:
        mails.send(organization_id, "low_wallet", subject, *paragraphs)
    except (SMTPException, OSError) as error:
        log.error("a mail about payments could not be sent: %s", error)
