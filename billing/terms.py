"""What the gateway and the ledger tell each other about a call. Amounts are nano-USD."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class Repeatable(msgspec.Struct, frozen=True):
    """An ``Idempotency-Key`` as the ledger knows it, and the body it came with: hexadecimal digests."""

    key_digest: str
    body_digest: str


class Price(msgspec.Struct, frozen=True):
    """What a call may cost at most (fee included) at a price tick, and whether a free request pays for it."""

    price_tick_id: int
    amount_nanousd: int
    is_free_model: bool


class HoldAsk(msgspec.Struct, frozen=True):
    """What a call may cost at most (fee included), who asks, and at which price tick.

    ``alternatives`` are for a call that may go elsewhere: the first of them that can be paid counts where the ask's own price cannot.
    """

    request_id: UUID
    organization_id: UUID
    project_id: UUID
    api_key_id: UUID | None
    price_tick_id: int
    amount_nanousd: int
    is_free_model: bool
    ttl_s: int
    repeatable: Repeatable | None = None
    alternatives: tuple[Price, ...] = ()

    @property
    def prices(self) -> tuple[Price, ...]:
        return (Price(self.price_tick_id, self.amount_nanousd, self.is_free_model), *self.alternatives)

    @property
    def may_be_free(self) -> bool:
        return self.is_free_model or any(price.is_free_model for price in self.alternatives)

    def at(self, price: Price) -> "HoldAsk":
        return msgspec.structs.replace(
            self,
            price_tick_id=price.price_tick_id,
            amount_nanousd=price.amount_nanousd,
            is_free_model=price.is_free_model,
            alternatives=(),
        )


class Held(msgspec.Struct, frozen=True):
    """A committed hold, or a part of a lease that was committed, paid by a ``billing.models.Funding``. ``free_left`` and
    ``free_resets_at`` are set when the model is free, and somebody brings free requests."""

    request_id: UUID
    organization_id: UUID
    project_id: UUID
    api_key_id: UUID | None
    wallet_id: UUID
    price_tick_id: int
    funding: str
    amount_nanousd: int
    day_key: str
    month_key: str
    expires_at: datetime
    free_left: int | None = None
    free_resets_at: datetime | None = None


class Answered(msgspec.Struct, frozen=True):
    """Instead of a hold: this call was made before under its Idempotency-Key, and this is what was kept of its answer."""

    request_id: UUID
    answer: bytes


class AttemptRow(msgspec.Struct, frozen=True):
    """One upstream call of the request; see ``billing.models.Attempt``."""

    number: int
    endpoint_id: int
    started_at: datetime
    first_byte_ms: int | None
    latency_ms: int
    upstream_cost_nanousd: int
    outcome: str


class Keepsake(msgspec.Struct, frozen=True):
    """An answer to be kept for whoever repeats the call: encrypted, the ledger cannot read it."""

    key_digest: str
    answer: bytes


class Outcome(msgspec.Struct, frozen=True):
    """How the call ended: what usage costs at the hold's tick, and the rows to write beside the money.

    ``row`` is an ``activity.recorder.RequestRow``; the ledger hands it to the recorder without looking inside.
    """

    charge_nanousd: int
    row: Any
    attempts: tuple[AttemptRow, ...] = ()
    keepsake: Keepsake | None = None


class Settled(msgspec.Struct, frozen=True):
    """What the client pays (never more than the hold), and the wallet after it."""

    charged_nanousd: int
    balance_nanousd: int
