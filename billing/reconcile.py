"""Compare every wallet with the sum of its parts. One that differs takes no new holds until people have looked; nothing is corrected."""

import logging
from datetime import datetime

from billing import check, ledger

log = logging.getLogger("clod.ledger")


def reconcile(now: datetime) -> int:
    """Freeze the wallets that differ, and say how many do. Also calls that run are settled: only new holds stop."""
    wallets = check.differing_wallets()
    for wallet_id, findings in wallets.items():
        log.error("wallet %s is frozen, its sums differ: %s", wallet_id, "; ".join(finding.text for finding in findings))
    ledger.freeze(wallets, now)
    return len(wallets)
