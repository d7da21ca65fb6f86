"""What survives when processes are killed in the middle of everything: ``python -m benchmarks.chaos`` (``make chaos``).

__main__   a trial for each database, then the table
trial      one database: its processes, its traffic, its trouble, its verdict
programs   a process that can be killed with all its children, and started again
upstream   a model server that notes every call on disk before it answers          (its own process)
traffic    clients that call, stream, hang up, and note what they were told         (its own process)
worker     the product's Celery worker, which says when it is ready                 (its own process)
books      the customer before, and the comparison of all notes with the ledger after (its own process)
report     the table, and its place in docs/money.md

Every call carries its number as its output limit. The gateway must forward that limit, and the hold is as large as it
says: so the upstream's journal, the clients' notes and the ledger's holds speak of the same calls, even where a process
died before anybody heard a request id.
"""
