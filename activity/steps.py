"""The points of a course over time: minutes or hours as instants in UTC, days and months as dates, in UTC too."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from activity.filters import Span
from activity.usage import HOUR, Piece, Usage, unit_of

DAYS_UP_TO, FORTNIGHT = timedelta(days=124), timedelta(days=14)
Point = datetime | date


@dataclass(frozen=True)
class Steps:
    """``unit`` is minute, hour, day or month."""

    unit: str

    def point(self, instant: datetime) -> Point:
        if self.unit == "minute":
            return instant.replace(second=0, microsecond=0)
        if self.unit == "hour":
            return instant.replace(minute=0, second=0, microsecond=0)
        day = instant.astimezone(UTC).date()
        return day if self.unit == "day" else day.replace(day=1)

    def after(self, point: Point) -> Point:
        if self.unit in ("minute", "hour"):
            return point + (HOUR if self.unit == "hour" else timedelta(minutes=1))
        return point + timedelta(days=1) if self.unit == "day" else (point + timedelta(days=32)).replace(day=1)

    def points(self, span: Span) -> list[Point]:
        """All points of the span, those without requests too."""
        assert span.start
        point, last = self.point(span.start), self.point(span.end - timedelta(milliseconds=1))
        found = [point]
        while (point := self.after(point)) <= last:
            found.append(point)
        return found


def of(span: Span) -> Steps:
    """So many that they can be told apart, and not more than some two hundred."""
    assert span.start
    return Steps("month" if span.end - span.start > DAYS_UP_TO else unit_of(span))


def begun(span: Span, pieces: Iterable[Piece], now: datetime) -> Span:
    """A span with a beginning, for one that has none: the first request's, a fortnight ago at the latest; and none of the future."""
    start = span.start or min([now - FORTNIGHT, *(piece.at for piece in pieces if piece.at)])
    return Span(start, max(min(span.end, now), start + timedelta(minutes=1)), span.is_open)


def by_point(pieces: Iterable[Piece], steps: Steps) -> dict[Point, Usage]:
    found: dict[Point, Usage] = {}
    for piece in pieces:
        assert piece.at
        found.setdefault(steps.point(piece.at), Usage()).add(piece.usage)
    return found
