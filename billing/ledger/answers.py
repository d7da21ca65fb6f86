"""Answers kept for repeated calls are thrown away a day later. A key that is older stands for nothing anyway."""

import logging
from datetime import datetime

from billing.ledger import stale
from billing.ledger.idempotency import KEPT_FOR
from billing.models import IdempotentCall

log = logging.getLogger("clod.ledger")


def forget_answers(now: datetime) -> int:
    """Delete what is older than a day; how many keys."""
    forgotten = stale.delete(IdempotentCall.objects.filter(created_at__lte=now - KEPT_FOR))
    if forgotten:
        log.info("forgot %d idempotency keys and their answers", forgotten)
    return forgotten
