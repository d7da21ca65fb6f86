"""Proof that the money adds up: promises P1–P5 (and P8's prices, P9's count) as queries over whole tables, in one snapshot.

They hold at every commit, so the check may run while calls are being paid for: one read-only transaction sees one state.
Budgets and free quotas are proved as long as their rows are kept (``ledger.periods``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from billing.ledger import periods, recording
from clod_site.lib import clock

GRACE = timedelta(seconds=60)  # for the sweeper to find an expired hold


class Finding(NamedTuple):
    """A promise that does not hold, and the row that shows it."""

    promise: str
    row: str
    text: str

    def __str__(self) -> str:
        return f"{self.promise}  {self.row}  {self.text}"


class Query(NamedTuple):
    """Rows found are breaches: an id (or two), then the numbers ``text`` tells of."""

    promise: str
    table: str
    ids: int
    text: str
    sql: str


# Every period of a project, or of a key, counts what its holds were charged and what the open ones hold.
BUDGETS = """SELECT {subject}, period_key, SUM(spent), SUM(held) FROM (
               SELECT {subject}, period_key, spent_nanousd AS spent, held_nanousd AS held FROM billing_budgetperiod
               UNION ALL
               SELECT {subject}, day_key, -captured_nanousd, CASE WHEN state = 'open' THEN -amount_nanousd ELSE 0 END
               FROM billing_hold WHERE funding = 'wallet'
               UNION ALL
               SELECT {subject}, month_key, -captured_nanousd, CASE WHEN state = 'open' THEN -amount_nanousd ELSE 0 END
               FROM billing_hold WHERE funding = 'wallet'
             ) AS parts WHERE {subject} IS NOT NULL AND period_key >= '{oldest_month}'
             GROUP BY {subject}, period_key HAVING SUM(spent) <> 0 OR SUM(held) <> 0"""

WALLET_SUMS = (
    Query(
        "P1", "wallet", 1, "balance is {} and its entries sum to {}",
        """SELECT w.id, w.balance_nanousd, COALESCE(s.total, 0) FROM billing_wallet w
           LEFT JOIN (SELECT wallet_id, SUM(amount_nanousd) AS total FROM billing_ledgerentry GROUP BY wallet_id) s ON s.wallet_id = w.id
           WHERE w.balance_nanousd <> COALESCE(s.total, 0)""",
    ),
    Query(
        "P1", "wallet", 1, "held is {} and its open holds sum to {}",
        """SELECT w.id, w.held_nanousd, COALESCE(s.total, 0) FROM billing_wallet w
           LEFT JOIN (SELECT wallet_id, SUM(amount_nanousd) AS total FROM billing_hold
                      WHERE state = 'open' AND funding = 'wallet' GROUP BY wallet_id) s ON s.wallet_id = w.id
           WHERE w.held_nanousd <> COALESCE(s.total, 0)""",
    ),
)  # fmt: skip
THE_REST = (
    Query(
        "P2", "wallet", 1, "balance {} does not cover the {} it holds",
        "SELECT id, balance_nanousd, held_nanousd FROM billing_wallet WHERE balance_nanousd < held_nanousd",
    ),
    Query(
        "P2", "hold", 1, "charged {} of {}",
        "SELECT id, captured_nanousd, amount_nanousd FROM billing_hold WHERE captured_nanousd > amount_nanousd",
    ),
    Query("P3", "budget of project", 2, "spent is off by {}, held by {}", BUDGETS.replace("{subject}", "project_id")),
    Query("P3", "budget of API key", 2, "spent is off by {}, held by {}", BUDGETS.replace("{subject}", "api_key_id")),
    Query(
        "P4", "hold", 1, "is open since {} and expired at {}",
        "SELECT id, created_at, expires_at FROM billing_hold WHERE state = 'open' AND expires_at < {overdue}",
    ),
    Query(
        "P4", "hold", 1, "is {} but nobody settled it",
        "SELECT id, state FROM billing_hold WHERE (state = 'open') <> (settled_at IS NULL)",
    ),
    Query(
        "P5", "hold", 1, "was charged {} without a usage entry of that amount",
        """SELECT h.id, h.captured_nanousd FROM billing_hold h LEFT JOIN billing_ledgerentry e
           ON e.id = h.id AND e.kind = 'usage' AND e.wallet_id = h.wallet_id AND e.amount_nanousd = -h.captured_nanousd
           WHERE h.state IN ('captured', 'expired') AND e.id IS NULL""",
    ),
    Query(
        "P5", "entry", 1, "is a usage of {} without a captured hold",
        """SELECT e.id, e.amount_nanousd FROM billing_ledgerentry e LEFT JOIN billing_hold h
           ON h.id = e.id AND h.state IN ('captured', 'expired') WHERE e.kind = 'usage' AND h.id IS NULL""",
    ),
    Query(
        "P5", "hold", 1, "was charged {} without a request row of that cost",
        """SELECT h.id, h.captured_nanousd FROM billing_hold h LEFT JOIN {requests} r ON r.id = h.id AND r.cost_nanousd = h.captured_nanousd
           WHERE h.state IN ('captured', 'expired') AND r.id IS NULL""",
    ),
    Query(
        "P8", "hold", 1, "names the price {}, which is not there",
        """SELECT h.id, h.price_tick_id FROM billing_hold h LEFT JOIN catalog_pricetick t ON t.id = h.price_tick_id WHERE t.id IS NULL""",
    ),
    Query(
        "P8", "request", 1, "names the price {}, which is not there",
        """SELECT r.id, r.price_tick_id FROM {requests} r LEFT JOIN catalog_pricetick t ON t.id = r.price_tick_id
           WHERE r.price_tick_id IS NOT NULL AND t.id IS NULL""",
    ),
    Query(
        "P9", "free quota of organization", 2, "counts {} more requests than there are free holds",
        """SELECT organization_id, day_key, SUM(requests) FROM (
             SELECT organization_id, day_key, used AS requests FROM billing_freequotaday
             UNION ALL
             SELECT p.organization_id, h.day_key, -1 FROM billing_hold h JOIN projects_project p ON p.id = h.project_id
             WHERE h.funding = 'free' AND h.state <> 'voided'
           ) AS parts WHERE day_key >= '{oldest_day}' GROUP BY organization_id, day_key HAVING SUM(requests) <> 0""",
    ),
)  # fmt: skip


def findings() -> list[Finding]:
    """Every breach there is; empty when all is well."""
    with _snapshot() as now:
        return [finding for query in (*WALLET_SUMS, *THE_REST) for finding in _run(query, now)]


def differing_wallets() -> dict[UUID, list[Finding]]:
    """Wallets whose balance or held amount is not the sum of its parts."""
    wallets: dict[UUID, list[Finding]] = {}
    with _snapshot() as now:
        for query in WALLET_SUMS:
            for finding in _run(query, now):
                wallets.setdefault(UUID(finding.row.split()[-1]), []).append(finding)
    return wallets


@contextmanager
def _snapshot() -> Iterator[datetime]:
    """One read transaction that blocks no writer; yields the time."""
    postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if postgres else "BEGIN DEFERRED")
        try:
            if postgres:
                cursor.execute("SET LOCAL statement_timeout = '15min'")
            yield clock.now()
        finally:
            cursor.execute("ROLLBACK")


def _run(query: Query, now: datetime) -> Iterator[Finding]:
    sql = query.sql.replace("{requests}", recording.recorder().table).replace("{overdue}", "%s")
    sql = sql.replace("{oldest_day}", periods.oldest_free_day(now)).replace("{oldest_month}", periods.oldest_budget_month(now))
    overdue = connection.ops.adapt_datetimefield_value(now - GRACE)
    with connection.cursor() as cursor:
        cursor.execute(sql, [overdue] if "%s" in sql else None)
        for row in cursor.fetchall():
            yield Finding(query.promise, f"{query.table} {_names(row[: query.ids])}", query.text.format(*row[query.ids :]))


def _names(values: tuple[Any, ...]) -> str:
    """``2026-11-22 0192…``: identifiers last, and alike on both databases."""
    return " ".join(str(value) for value in (*values[1:], UUID(str(values[0]))))
