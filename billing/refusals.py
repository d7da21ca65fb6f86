"""Why the ledger says no.

Refusal
├── InvalidApiKey              401 invalid_api_key: unknown, revoked, expired; one body for all
├── NotAllowed                 403
│   ├── OrganizationSuspended      organization_suspended
│   ├── ProjectArchived            project_archived
│   └── WalletFrozen               wallet_frozen: its sums differ, people are looking
├── OutOfMoney                 402; SDKs never retry it
│   ├── InsufficientFunds          insufficient_funds
│   ├── CapReached                 a cap has not enough room left for what the call may cost
│   │   ├── ProjectDailyCap            project_daily_cap
│   │   ├── ProjectMonthlyCap          project_monthly_cap
│   │   ├── KeyDailyCap                key_daily_cap
│   │   └── KeyMonthlyCap              key_monthly_cap
│   └── FreeQuotaExhausted         free_quota_exhausted
├── Idempotency                of an Idempotency-Key
│   ├── IdempotentCallRunning  409 idempotency_key_in_use: SDKs retry it, and get the answer once there is one
│   ├── IdempotentAnswerGone   410 idempotent_answer_gone: charged before, but the answer was not kept
│   └── IdempotencyKeyReused   422 idempotency_key_reused: with another body
└── TryAgain                   503, with Retry-After
    ├── LedgerBusy                 ledger_busy: the queue is full, or a row stayed locked
    ├── LedgerUnavailable          ledger_unavailable: the database is away
    └── PriceUnavailable           price_unavailable: no price in force; never free
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from clod_site.lib import ids
from clod_site.lib.money import as_text, format_usd, tell_apart
from clod_site.lib.refusal import Refusal


class InvalidApiKey(Refusal):
    status, type, code = 401, "authentication_error", "invalid_api_key"

    def __init__(self) -> None:
        super().__init__(
            "Incorrect API key provided. Send it as 'Authorization: Bearer clod_sk_…'; make one under API Keys in the dashboard."
        )


class NotAllowed(Refusal):
    status, type, code = 403, "permission_error", "not_allowed"


class OrganizationSuspended(NotAllowed):
    code = "organization_suspended"

    def __init__(self) -> None:
        super().__init__("This organization is suspended. Write to support to have it opened again.")


class ProjectArchived(NotAllowed):
    code = "project_archived"

    def __init__(self, project: str) -> None:
        super().__init__(f"Project {project} is archived. Restore it under Projects, or call with a key of another project.")


class WalletFrozen(NotAllowed):
    code = "wallet_frozen"

    def __init__(self) -> None:
        super().__init__("This wallet is frozen while its statement is being checked. Write to support; nothing is charged meanwhile.")


class OutOfMoney(Refusal):
    status, type, code = 402, "insufficient_quota", "insufficient_funds"


class InsufficientFunds(OutOfMoney):
    def __init__(self, needed_nanousd: int, available_nanousd: int) -> None:
        needed, available = tell_apart(needed_nanousd, available_nanousd)
        super().__init__(
            f"This call may cost up to {needed} and the wallet has {available} available. "
            "Top up under Billing, or lower max_completion_tokens.",
            extra=_amounts(needed_usd=needed_nanousd, available_usd=available_nanousd),
        )


class CapReached(OutOfMoney):
    """``name`` is the project's or the key's, ``period`` the day or the month."""

    what = "Project budget"
    where = "Projects › {} › Budgets"

    def __init__(self, name: str, period: str, cap_nanousd: int, needed_nanousd: int, left_nanousd: int, resets_at: datetime) -> None:
        cap, left, needed = tell_apart(cap_nanousd, left_nanousd, needed_nanousd)
        super().__init__(
            f"{self.what} of {cap} for {period} has {left} left and this call may cost up to {needed}. "
            f"Raise it under {self.where.format(name)}.",
            extra={"resets_at": iso(resets_at)} | _amounts(cap_usd=cap_nanousd, needed_usd=needed_nanousd, left_usd=left_nanousd),
        )


class ProjectDailyCap(CapReached):
    code = "project_daily_cap"


class ProjectMonthlyCap(CapReached):
    code = "project_monthly_cap"


class _KeyCap(CapReached):
    what = "The cap of this API key"
    where = "API Keys › {}"


class KeyDailyCap(_KeyCap):
    code = "key_daily_cap"


class KeyMonthlyCap(_KeyCap):
    code = "key_monthly_cap"


class FreeQuotaExhausted(OutOfMoney):
    code = "free_quota_exhausted"

    def __init__(self, limit: int, resets_at: datetime | None, short: InsufficientFunds | None = None) -> None:
        """``short`` says what the wallet was missing; without it the organization has chosen not to pay after its free requests.

        A limit of 0 is an organization that has none yet, or (no reset) to which nobody has brought theirs.
        """
        advice = (
            f"and the wallet cannot pay for this call: {short.message}"
            if short
            else "and this organization does not pay after them. Switch that on under Settings."
        )
        resets = {"resets_at": iso(resets_at)} if resets_at else {}
        super().__init__(f"{_no_more(limit, resets_at)}, {advice}", extra=resets | (short.extra if short else {}))


class Idempotency(Refusal):
    """What an Idempotency-Key stands for is not this call, or not to be had."""

    type = "idempotency_error"

    def __init__(self, message: str, *, retry_after_s: int | None = None, extra: dict[str, Any] | None = None) -> None:
        super().__init__(message, param="Idempotency-Key", retry_after_s=retry_after_s, extra=extra)


class IdempotentCallRunning(Idempotency):
    status, code = 409, "idempotency_key_in_use"

    def __init__(self, ends_by: datetime) -> None:
        super().__init__(
            "The call with this Idempotency-Key is still running. Send it again in a moment to get its answer; "
            f"if its server was lost, the key is settled by {iso(ends_by)}.",
            retry_after_s=1,
        )


class IdempotentAnswerGone(Idempotency):
    status, code = 410, "idempotent_answer_gone"

    def __init__(self, request_id: UUID, charged_nanousd: int) -> None:
        super().__init__(
            f"The call with this Idempotency-Key was made before and charged {format_usd(charged_nanousd)}, but its answer was not kept: "
            "it was interrupted, or is too large. Send a new key to ask again, and pay again.",
            extra={"request_id": ids.public("req", request_id)} | _amounts(charged_usd=charged_nanousd),
        )


class IdempotencyKeyReused(Idempotency):
    status, code = 422, "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used with another request body in the last 24 hours. Send a new key for a new request.")


def _no_more(limit: int, resets_at: datetime | None) -> str:
    if resets_at is None:
        return "This organization has no free requests (a member with a verified address can bring theirs here under Settings)"
    if not limit:
        return f"The free requests of this organization begin at {iso(resets_at)}"
    return f"Today's {limit} free requests are used up (new ones at {iso(resets_at)})"


class TryAgain(Refusal):
    status, type, code = 503, "server_error", "unavailable"


class LedgerBusy(TryAgain):
    code = "ledger_busy"

    def __init__(self) -> None:
        super().__init__("Too many calls are waiting to be paid for. Try again in a second.", retry_after_s=1)


class LedgerUnavailable(TryAgain):
    code = "ledger_unavailable"

    def __init__(self) -> None:
        super().__init__("The ledger cannot be reached, so no call can start. Nothing was charged; try again shortly.", retry_after_s=2)


class PriceUnavailable(TryAgain):
    code = "price_unavailable"

    def __init__(self) -> None:
        super().__init__("There is no price in force for this model right now. Try again shortly, or name another model.", retry_after_s=5)


def iso(instant: datetime) -> str:
    """``2026-11-22T12:55:00Z``, to the second."""
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")


def _amounts(**amounts_nanousd: int) -> dict[str, Any]:
    """Exact decimal strings in dollars."""
    return {name: as_text(amount) for name, amount in amounts_nanousd.items()}
