"""Every statement of the ledger, as data. Columns of a read are in the order of the row class that takes them (``books``)."""

from billing.ledger.store import Column, Insert, Select, Update, columns_of
from billing.models import Attempt, BudgetPeriod, FreeQuotaDay, Hold, IdempotentCall, LedgerEntry, PlatformLoss, Wallet
from catalog.models import PriceTick
from projects.models import ApiKey

# Keys and projects are not written here, yet a shared lock would do harm: ever new sharers keep a revocation waiting.
EXCLUSIVE = "NO KEY UPDATE"

_HOLD = (
    "id", "wallet", "project", "api_key", "price_tick", "funding", "amount_nanousd", "checkpoint_nanousd", "state",
    "day_key", "month_key", "created_at", "expires_at", "settled_at", "captured_nanousd", "is_lease",
)  # fmt: skip
_ENTRY = ("id", "wallet", "kind", "amount_nanousd", "balance_after_nanousd", "reference", "reason", "created_at")
_ATTEMPT = ("request_id", "number", "endpoint", "started_at", "first_byte_ms", "latency_ms", "upstream_cost_nanousd", "outcome")
_ID = Column("t.id", "uuid")
_SUBJECT = Column("subject", "uuid")  # computed by the database, so it is no column one writes


def _table(model: type) -> str:
    return f'"{model._meta.db_table}" AS t'  # type: ignore[attr-defined]


keys = Select(
    columns_of(ApiKey, "id", "project", "name", "daily_cap_nanousd", "monthly_cap_nanousd", "expires_at", "revoked_at", "disabled_at"),
    _table(ApiKey),
    (Column("id", "uuid"),),
    EXCLUSIVE,
)
projects = Select(
    (
        _ID,
        Column("t.organization_id", "uuid"),
        Column("t.name", "text"),
        Column("t.daily_cap_nanousd", "bigint"),
        Column("t.monthly_cap_nanousd", "bigint"),
        Column("t.archived_at", "timestamptz"),
        Column("o.suspended_at", "timestamptz"),
        Column("o.time_zone", "text"),
        Column("o.next_time_zone", "text"),
        Column("o.time_zone_changes_at", "timestamptz"),
        Column("q.since", "timestamptz"),
        Column("o.pays_after_free_quota", "boolean"),
        Column("w.id", "uuid"),
    ),
    "projects_project AS t JOIN accounts_organization AS o ON o.id = t.organization_id "
    "JOIN billing_wallet AS w ON w.organization_id = o.id LEFT JOIN accounts_freequota AS q ON q.organization_id = o.id",
    (_ID,),
    EXCLUSIVE,
)
ticks = Select(columns_of(PriceTick, "id"), _table(PriceTick), (Column("id", "bigint"),))
free_days = Select(
    columns_of(FreeQuotaDay, "id", "organization", "day_key", "used"),
    _table(FreeQuotaDay),
    columns_of(FreeQuotaDay, "organization", "day_key"),
    EXCLUSIVE,
)
periods = Select(
    (*columns_of(BudgetPeriod, "id"), _SUBJECT, *columns_of(BudgetPeriod, "period_key", "spent_nanousd", "held_nanousd")),
    _table(BudgetPeriod),
    (_SUBJECT, *columns_of(BudgetPeriod, "period_key")),
    EXCLUSIVE,
)
idempotent_calls = Select(
    columns_of(IdempotentCall, "id", "project", "key_digest", "body_digest", "request_id", "answer", "created_at"),
    _table(IdempotentCall),
    columns_of(IdempotentCall, "project", "key_digest"),
    EXCLUSIVE,
)
holds = Select(columns_of(Hold, *_HOLD), _table(Hold), (Column("id", "uuid"),), EXCLUSIVE)
wallets = Select(
    columns_of(Wallet, "id", "balance_nanousd", "held_nanousd", "frozen_at"), _table(Wallet), (Column("id", "uuid"),), EXCLUSIVE
)
entries = Select(columns_of(LedgerEntry, *_ENTRY), _table(LedgerEntry), (Column("reference", "text"),))

new_free_days = Insert(FreeQuotaDay._meta.db_table, columns_of(FreeQuotaDay, "organization", "day_key", "used"), if_missing=True)
new_periods = Insert(
    BudgetPeriod._meta.db_table,
    columns_of(BudgetPeriod, "project", "api_key", "period_key", "spent_nanousd", "held_nanousd"),
    if_missing=True,
)
new_idempotent_calls = Insert(
    IdempotentCall._meta.db_table, columns_of(IdempotentCall, "project", "key_digest", "body_digest", "created_at"), if_missing=True
)
new_holds = Insert(Hold._meta.db_table, columns_of(Hold, *_HOLD))
new_entries = Insert(LedgerEntry._meta.db_table, columns_of(LedgerEntry, *_ENTRY))
new_losses = Insert(PlatformLoss._meta.db_table, columns_of(PlatformLoss, "request_id", "amount_nanousd", "created_at"))
new_attempts = Insert(Attempt._meta.db_table, columns_of(Attempt, *_ATTEMPT))

settle = Update(
    Hold._meta.db_table,
    Column("id", "uuid"),
    put=columns_of(Hold, "state", "captured_nanousd", "settled_at"),
    guard="t.state = 'open'",  # compare and set: however a hold was settled meanwhile, it is settled once
)
move_lease = Update(Hold._meta.db_table, Column("id", "uuid"), add=columns_of(Hold, "amount_nanousd"), guard="t.state = 'open'")
checkpoint = Update(Hold._meta.db_table, Column("id", "uuid"), put=columns_of(Hold, "checkpoint_nanousd"))
keep_idempotent_call = Update(
    IdempotentCall._meta.db_table,
    Column("id", "bigint"),
    put=columns_of(IdempotentCall, "body_digest", "request_id", "answer", "created_at"),
)
use_free = Update(FreeQuotaDay._meta.db_table, Column("id", "bigint"), add=columns_of(FreeQuotaDay, "used"))
move_period = Update(BudgetPeriod._meta.db_table, Column("id", "bigint"), add=columns_of(BudgetPeriod, "spent_nanousd", "held_nanousd"))
move_wallet = Update(Wallet._meta.db_table, Column("id", "uuid"), add=columns_of(Wallet, "balance_nanousd", "held_nanousd"))
