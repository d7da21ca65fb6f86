"""A mail when a wallet runs low: once, until it has been filled well above that again.

The balance decides, not what running calls leave of it: what they hold comes back in part. Wallets that never had money are not low.
Of one that fills itself, or that owes, ``billing.notices`` tells.
"""

import logging
from datetime import datetime
from smtplib import SMTPException

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from billing import mails, telling
from billing.alert_models import LowWallet
from billing.models import AutoTopUp, TopUp, TopUpState, Wallet
from clod_site.lib import money
from clod_site.lib.money import format_usd

AT_ONCE = 200
FILLED_AGAIN = 2  # times what counts as low

log = logging.getLogger("clod.payments")


def send_all(now: datetime) -> None:
    """The mark is made before the mail goes out: a mail lost is better than one each minute."""
    low_nanousd = money.usd(settings.CLOD_LOW_WALLET_USD)
    LowWallet.objects.filter(organization__wallet__balance_nanousd__gte=FILLED_AGAIN * low_nanousd).delete()
    for wallet in _low(low_nanousd)[:AT_ONCE]:
        with transaction.atomic():
            _, is_new = LowWallet.objects.get_or_create(organization_id=wallet.organization_id, defaults={"told_at": now})
            if is_new:
                telling.of_low_wallet(wallet, low_nanousd)
        if is_new:
            _tell(wallet)


def _low(low_nanousd: int) -> QuerySet[Wallet]:
    organization = OuterRef("organization_id")
    had_money = Q(balance_nanousd__gt=0) | Exists(TopUp.objects.filter(organization_id=organization, state=TopUpState.PAID))
    fills_itself = AutoTopUp.objects.filter(organization_id=organization, is_on=True, paused_at=None)
    low = Wallet.objects.filter(had_money, balance_nanousd__lt=low_nanousd, frozen_at=None, organization__suspended_at=None)
    told = LowWallet.objects.filter(organization_id=organization)
    owes = TopUp.objects.filter(organization_id=organization, owed_nanousd__gt=0)
    return low.exclude(Exists(told) | Exists(fills_itself) | Exists(owes)).select_related("organization").order_by("pk")


def _tell(wallet: Wallet) -> None:
    name, left = wallet.organization.name, format_usd(wallet.balance_nanousd)
    paragraphs = (
        f"The wallet of {name} has {left} left. When it is empty, requests that cost money are refused; free requests go on.",
        f"Top it up, or let it fill itself: {settings.CLOD_BASE_URL}/billing",
    )
    try:
        mails.send(wallet.organization_id, "low_wallet", f"The wallet of {name} has {left} left", *paragraphs)
    except (SMTPException, OSError) as error:
        log.error("a mail about a low wallet could not be sent: %s", error)
