"""Secrets at rest, encrypted anew with the newest of CLOD_ENCRYPTION_KEYS.

API keys of providers and data centers, secrets of webhooks, and second factors.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import Model, QuerySet

from catalog.models import DataCenter, Provider
from clod_site.lib import crypto
from webhooks.models import Webhook

FACTOR_SECRETS = ("secret", "seed")  # of an authenticator app, of recovery codes
MIGRATED_CODES = "migrated_codes"


@dataclass
class Tally:
    """``unreadable`` names the rows that no key opens; they are left as they are."""

    renewed: int = 0
    current: int = 0
    unreadable: list[str] = field(default_factory=list)

    def renew(self, sealed: str) -> str:
        """The secret encrypted with the newest key. Raises ValueError where no key opens it."""
        if crypto.is_newest(sealed):
            self.current += 1
            return sealed
        renewed = crypto.rotate(sealed)
        self.renewed += 1
        return renewed


def run() -> Iterator[tuple[str, Tally]]:
    """By kind of secret. Each row is locked while it is written, so nothing that is saved meanwhile is lost."""
    yield "API keys of providers", _each(Provider.objects.exclude(credential_sealed=""), _credential)
    yield "API keys of data centers", _each(DataCenter.objects.exclude(credential_sealed=""), _credential)
    yield "secrets of webhooks", _each(Webhook.objects.all(), _webhook)
    yield "second factors", _each(Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN), _factor)


def _each(rows: QuerySet[Any], renew: Callable[[Any, Tally], Sequence[str]]) -> Tally:
    tally = Tally()
    for pk in list(rows.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            row = rows.select_for_update().filter(pk=pk).first()
            if row is None:
                continue  # gone meanwhile
            try:
                row.save(update_fields=renew(row, tally))
            except ValueError:
                tally.unreadable.append(_name(row))
    return tally


def _credential(row: Provider | DataCenter, tally: Tally) -> Sequence[str]:
    row.credential_sealed = tally.renew(row.credential_sealed)
    return ("credential_sealed",)


def _webhook(row: Webhook, tally: Tally) -> Sequence[str]:
    """The former secret signs beside the new one for a day, so it is kept too."""
    row.secret_sealed = tally.renew(row.secret_sealed)
    if row.previous_secret_sealed:
        row.previous_secret_sealed = tally.renew(row.previous_secret_sealed)
    return ("secret_sealed", "previous_secret_sealed")


def _factor(row: Authenticator, tally: Tally) -> Sequence[str]:
    for name in FACTOR_SECRETS:
        if row.data.get(name):
            row.data[name] = tally.renew(row.data[name])
    if row.data.get(MIGRATED_CODES):
        row.data[MIGRATED_CODES] = [tally.renew(code) for code in row.data[MIGRATED_CODES]]
    return ("data",)


def _name(row: Model) -> str:
    if isinstance(row, Authenticator):
        return f"{row.get_type_display()} of {row.user}"
    return f"{row._meta.verbose_name} {row}"
