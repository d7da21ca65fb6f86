"""The ledger: the only writer of money rows (wallets, entries, holds, budget periods, free-quota days).

writer        the thread, its queue, what happens when a transaction fails
transaction   one batch: lock (locks) → decide (admission, settlement, crediting) → write (writing, recording)
store         the statements' shapes on PostgreSQL and SQLite; ``statements`` lists them
books         the rows in memory;  operations: what can be asked, and how answers get back

The gateway comes in through ``billing.holds``; Django code through ``credit``, ``freeze`` and ``sweep`` here.
"""

from billing.ledger.desk import credit, freeze, start, stop, submit, submit_checkpoint, sweep

__all__ = ["credit", "freeze", "start", "stop", "submit", "submit_checkpoint", "sweep"]
