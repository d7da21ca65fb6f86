"""One try at one endpoint, from the instant it starts."""

from datetime import datetime

import msgspec

from billing.holds import AttemptRow
from catalog.snapshot import ModelCard, Route
from clod_site.lib import clock

Candidate = tuple[ModelCard, Route]


class Attempt(msgspec.Struct):
    number: int
    route: Route
    started_at: datetime
    started: float
    first_byte_ms: int | None = None
    outcome: str = "running"

    def elapsed_ms(self) -> int:
        return round((clock.monotonic() - self.started) * 1000)

    def row(self, upstream_cost_nanousd: int = 0) -> AttemptRow:
        return AttemptRow(
            self.number, self.route.endpoint_id, self.started_at, self.first_byte_ms, self.elapsed_ms(), upstream_cost_nanousd, self.outcome
        )
