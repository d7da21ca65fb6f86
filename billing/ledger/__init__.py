"""The ledger: the only writer of money rows (wallets, entries, holds, budget periods, free-quota days).

writer        the thread, its queue, what happens when a transaction fails
transaction   one batch: lock (locks) → decide (admission, settlement, crediting) → write (writing, recording)
leases        money set aside ahead of calls, in this process' memory;  leasing: what of it the database knows
store         the statements' shapes on PostgreSQL and SQLite; ``statements`` lists them
books         the rows in memory;  operations: what can be asked, and how answers get back

periods       rows of days and months, prepared and pruned by jobs;  answers: kept for repeated calls, forgotten after a day

The gateway comes in through ``billing.holds``; Django code through the functions here.
"""

from billing.ledger.answers import forget_answers
from billing.ledger.desk import admit, await_leases, credit, freeze, start, stop, submit, submit_checkpoint, sweep
from billing.ledger.periods import prepare, prune

__all__ = [
    "admit",
    "await_leases",
    "credit",
    "forget_answers",
    "freeze",
    "prepare",
    "prune",
    "start",
    "stop",
    "submit",
    "submit_checkpoint",
    "sweep",
]
