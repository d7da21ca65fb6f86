"""Money that an operator moves: a credit, or a correction that takes back what nothing holds. Once for each key, with its reason.

The ledger makes the entry, so two clicks, two tabs or a repeated request make one; the audit row is written with it or by the next try.
"""

import re
from typing import NamedTuple

from django.db import transaction
from django.http import HttpRequest

from accounts.models import Organization
from billing import ledger
from billing.ledger.crediting import KeyReused
from billing.models import EntryKind, LedgerEntry
from clod_site.lib import ids
from clod_site.lib.money import format_usd, usd
from team import audit

MOST_NANOUSD = usd("100000")
_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Movement(NamedTuple):
    """``amount_nanousd`` is positive; ``takes`` says that it leaves the wallet. ``key`` is of the form it was typed into."""

    amount_nanousd: int
    takes: bool
    reason: str
    key: str

    @property
    def signed(self) -> int:
        return -self.amount_nanousd if self.takes else self.amount_nanousd

    @property
    def kind(self) -> EntryKind:
        return EntryKind.ADJUST if self.takes else EntryKind.CREDIT

    @property
    def deed(self) -> str:
        return "money.correct" if self.takes else "money.credit"


def new_key() -> str:
    return str(ids.uuid7())


def is_key(text: str) -> bool:
    return bool(_KEY.fullmatch(text))


def move(request: HttpRequest, organization: Organization, movement: Movement) -> tuple[LedgerEntry, bool]:
    """The entry, and whether this call is the one that told of it; call it outside of a transaction.

    Raises what ``ledger.credit`` does: InsufficientFunds when a correction takes what is held or not there, KeyReused, LedgerBusy,
    LedgerUnavailable.
    """
    if LedgerEntry.objects.filter(reference=f"hand:{movement.key}").exclude(kind=movement.kind).exists():
        raise KeyReused  # the ledger takes a reference once for each kind
    entry = ledger.credit(organization.wallet.pk, movement.signed, key=f"hand:{movement.key}", reason=movement.reason, kind=movement.kind)
    return entry, _tell_once(request, organization, entry, movement)


@transaction.atomic
def _tell_once(request: HttpRequest, organization: Organization, entry: LedgerEntry, movement: Movement) -> bool:
    """Under the organization's lock: of two clicks that made the one entry, one tells of it."""
    Organization.objects.select_for_update().get(pk=organization.pk)
    events = audit.about(organization, entry)
    if events.exists():
        return False
    changes = audit.changed({}, {"balance": format_usd(entry.balance_after_nanousd), "reason": movement.reason})
    named = format_usd(movement.amount_nanousd)
    audit.record(request, movement.deed, entry, named=named, organization=organization, changes=changes)
    return True
