"""Who writes request rows beside the money. Activity registers itself: the ledger does not know what a request row is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from billing.ledger.store import Store


class Record(NamedTuple):
    """A settled call. ``row`` is what the gateway knew of it; None when nobody lived to tell (the sweeper), or the row was refused."""

    request_id: UUID
    organization_id: UUID
    project_id: UUID
    api_key_id: UUID | None
    price_tick_id: int
    paid_by: str
    created_at: datetime
    settled_at: datetime
    ending: str
    charged_nanousd: int
    row: Any | None


class Recorder(Protocol):
    table: str  # where its rows are; each row's id is its hold's, ``cost_nanousd`` what the hold was charged, ``price_tick_id`` its price

    def insert(self, store: Store, records: Sequence[Record]) -> None:
        """Write one row for each record, inside the ledger's transaction."""


_recorder: Recorder | None = None


def register(recorder: Recorder) -> None:
    global _recorder
    _recorder = recorder


def recorder() -> Recorder:
    if _recorder is None:
        raise RuntimeError("nobody records requests: the app that does has to register in its AppConfig.ready")
    return _recorder
