"""One try at one endpoint, from the instant it starts."""

from datetime import datetime

import msgspec

from billing.holds import AttemptRow
from catalog.snapshot import ModelCard, Route
from clod_site.lib import clock
from gateway.tracing import AttemptSpan

WELL = frozenset({"ok", "client_closed", "cancelled", "refused", "rejected"})  # the endpoint's doing, or nobody's
Candidate = tuple[ModelCard, Route]


class Attempt(msgspec.Struct):
    number: int
    route: Route
    started_at: datetime
    started: float
    first_byte_ms: int | None = None
    latency_ms: int | None = None  # once it has ended
    outcome: str = "running"
    span: AttemptSpan | None = None  # where somebody wants traces

    def end(self, outcome: str) -> None:
        self.outcome, self.latency_ms = outcome, self.elapsed_ms()
        if self.span:
            self.span.end(outcome, has_failed=outcome not in WELL)

    def elapsed_ms(self) -> int:
        return round((clock.monotonic() - self.started) * 1000)

    def row(self, upstream_cost_nanousd: int = 0) -> AttemptRow:
        return AttemptRow(
            number=self.number,
            endpoint_id=self.route.endpoint_id,
            started_at=self.started_at,
            first_byte_ms=self.first_byte_ms,
            latency_ms=self.elapsed_ms() if self.latency_ms is None else self.latency_ms,
            upstream_cost_nanousd=upstream_cost_nanousd,
            outcome=self.outcome,
        )
