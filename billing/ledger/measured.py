"""How the ledger of this process is doing, for ``/metrics``."""

from clod_site.lib.measures import FINE_SECONDS, SIZES, Histogram

_batch = Histogram("clod_ledger_batch_operations", "Authorisations and settlements written by one transaction.", buckets=SIZES)
_commit = Histogram("clod_ledger_commit_seconds", "A transaction of the ledger, from its first lock to its commit.", buckets=FINE_SECONDS)


def committed(operations: int, seconds: float) -> None:
    _batch.add(operations)
    _commit.add(seconds)
