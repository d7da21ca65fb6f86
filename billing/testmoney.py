"""Test money: how an embedded site fills a wallet. It is marked as such everywhere, and production refuses it."""

from uuid import UUID

from django.conf import settings

from accounts.access import MANAGERS
from accounts.models import Membership
from billing.ledger import credit
from billing.models import EntryKind, Wallet
from clod_site.lib.money import usd
from clod_site.lib.refusal import Refusal

AMOUNTS = {"5": usd("5.00"), "20": usd("20.00"), "100": usd("100.00")}
REASON = "Test money"


class NoTestMoney(Refusal):
    status, type, code = 403, "permission_error", "test_money_not_allowed"


def may_add(membership: Membership) -> bool:
    return not settings.PRODUCTION and membership.role in MANAGERS


def add(membership: Membership, amount: str, form_id: UUID) -> int:
    """Credit one of AMOUNTS (nano-USD, returned). ``form_id`` names the form that was sent: sent twice, it counts once."""
    if not may_add(membership):
        raise NoTestMoney("Only an owner or admin can add test money, and only where CLōD runs in embedded mode.")
    if amount not in AMOUNTS:
        raise Refusal("Choose one of the amounts shown.", param="amount")
    wallet = Wallet.objects.get(organization_id=membership.organization_id)
    credit(wallet.pk, AMOUNTS[amount], key=f"test:{wallet.pk}:{form_id}", reason=REASON, kind=EntryKind.TOPUP)
    return AMOUNTS[amount]
