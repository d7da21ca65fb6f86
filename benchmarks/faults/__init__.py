"""What clients see, and what the books say, when a part of the stack breaks: ``python -m benchmarks.faults`` (``make faults``).

__main__   all faults one after the other, then the tables
room       a stack whose data centers are the fake upstream; traffic while something breaks; the verdict
breaking   the faults themselves
drain      fifty streams on a web process that is told to stop
slow       five hundred clients that never finish their headers
disk       no space left, under SQLite
watch      whether /healthz and /readyz answer meanwhile
report     the tables, and their place in docs/faults.md

Traffic, upstream and verdict are those of benchmarks.chaos: the upstream's journal, the clients' notes and the ledger's holds are compared.
"""
