"""A system check: in production the database flushes what it has committed, or an answered charge may be lost with its power."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections

MUST_BE_ON = ("fsync", "full_page_writes")


@register(Tags.database)
def flushes_to_disk(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Run by ``migrate`` and ``check --database default``. ``synchronous_commit`` is no worry: the ledger's connection sets it."""
    if not settings.PRODUCTION or "default" not in (databases or ()) or connections["default"].vendor != "postgresql":
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = 'off'", [list(MUST_BE_ON)])
        off = [name for (name,) in cursor.fetchall()]
    return [
        Warning(
            f"PostgreSQL runs with {name} off.",
            hint=f"A power cut loses charges that were answered. Set {name} = on.",
            id="billing.W001",
        )
        for name in off
    ]
