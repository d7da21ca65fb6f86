"""The ledger check as a recurring job: it takes as long as the ledger is large, so it runs as often as it can be afforded.

It reads one snapshot and blocks no writer. After a check that took a second the next comes an hour later; one that takes ten minutes
is made twice a day: never more than a sixtieth of the time.
"""

import logging
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction

from billing import check
from billing.models import LedgerCheck
from clod_site.lib import clock

log = logging.getLogger("clod.ledger")

AT_LEAST_APART = timedelta(hours=1)
REST = 60  # times as long as the last check took
KEPT = 300
MOST_TOLD = 20


def run(now: datetime) -> LedgerCheck | None:
    """Check and keep the result, if it is time; None if it is not."""
    if not is_due(now):
        return None
    started = clock.monotonic()
    try:
        findings, problem = check.findings(), ""
    except DatabaseError as error:
        findings, problem = [], f"{type(error).__name__}: {error}"[:500]
    text = "\n".join(map(str, findings[:MOST_TOLD])) or problem
    made = _keep(now, round((clock.monotonic() - started) * 1000), len(findings), text, is_complete=not problem)
    if text:
        log.error("The ledger check: %s.\n%s", made.outcome, text)
    return made


def is_due(now: datetime) -> bool:
    last = newest()
    if last is None:
        return True
    return now - last.started_at >= max(AT_LEAST_APART, REST * timedelta(milliseconds=last.duration_ms))


def newest() -> LedgerCheck | None:
    return LedgerCheck.objects.order_by("-pk").first()


@transaction.atomic
def _keep(now: datetime, duration_ms: int, findings: int, text: str, *, is_complete: bool) -> LedgerCheck:
    made = LedgerCheck.objects.create(started_at=now, duration_ms=duration_ms, findings=findings, text=text, is_complete=is_complete)
    LedgerCheck.objects.filter(pk__lte=made.pk - KEPT).delete()
    return made
