"""A span of time in equal steps. Pure."""

from datetime import UTC, datetime, timedelta

import msgspec

from catalog.energy.delivered import SLOT

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STEPS = {
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "30m": timedelta(minutes=30),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
}


class Span(msgspec.Struct, frozen=True):
    """[start, end): both are whole steps since 1970, so hours and days are those of UTC, whatever clocks people live by."""

    start: datetime
    end: datetime
    step: str

    @property
    def step_s(self) -> int:
        return int(STEPS[self.step].total_seconds())

    @property
    def points(self) -> int:
        return (self.end - self.start) // STEPS[self.step]

    @property
    def slots(self) -> int:
        """How many 5-minute prices of each data center are behind it."""
        return (self.end - self.start) // SLOT

    def numbers(self) -> range:
        """Its steps, counted since 1970."""
        first = (self.start - EPOCH) // STEPS[self.step]
        return range(first, first + self.points)

    def instants(self) -> list[datetime]:
        """Where its steps begin."""
        return [self.start + number * STEPS[self.step] for number in range(self.points)]


def covering(start: datetime, end: datetime, step: str) -> Span:
    """The whole steps that hold everything from ``start`` to ``end``."""
    length = STEPS[step]
    return Span(start - (start - EPOCH) % length, end + (EPOCH - end) % length, step)
