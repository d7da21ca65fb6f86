"""What requests add up to, for any filter and time: complete hours from rollups, what is newer from the requests themselves.

A page never scans a million rows, and still shows what was settled a moment ago (promise P10). The time is cut up: whole days are read
from rollups of days (from their totals, where those tell apart what is asked for), whole hours around them from rollups of hours, and the
rest, a part of an hour at its beginning and everything from ``UsageMark`` on, from the requests.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, F, When
from django.db.models.functions import TruncHour, TruncMinute

from activity import narrowing, rollups, sums, times
from activity.filters import Filter, Span
from activity.models import Request, Rollup, UsageDay, UsageHour, UsageTotal
from activity.sums import Rows

HOUR = rollups.HOUR
MINUTES_UP_TO, HOURS_UP_TO = timedelta(hours=3), timedelta(days=8)
KINDS: dict[str, tuple[type[Rollup], ...]] = {"minute": (), "hour": (UsageHour,), "day": (UsageTotal, UsageDay, UsageHour)}
GROUPS: dict[str, Any] = {
    "model": F("model"),
    "project": F("project_id"),
    "key": F("api_key_id"),
    "site": Case(When(data_center="", then=F("provider")), default=F("data_center")),
    "status": F("status"),
}
DETAILED = GROUPS.keys() - {"status"}


@dataclass
class Usage:
    """Sums of some requests. Times are texts of ``activity.times`` until somebody asks for a percentile; each is read once, also when
    what it belongs to is a part of several sums.
    """

    requests: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_nanousd: int = 0
    paid: int = 0
    listed: int = 0
    free: int = 0
    energy_uwh: int = 0
    electricity_picousd: int = 0
    electricity_average_picousd: int = 0
    texts: dict[str, str] = field(default_factory=dict)
    parts: list["Usage"] = field(default_factory=list)
    _counts: dict[str, times.Counts] = field(default_factory=dict)

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    @property
    def error_rate(self) -> float | None:
        return self.failed / self.requests if self.requests else None

    def percentile_ms(self, what: str, share: float) -> int | None:
        """``what`` is ttft or latency."""
        return times.percentile(self.counts(what), share)

    def counts(self, what: str) -> times.Counts:
        if what not in self._counts:
            self._counts[what] = times.read(self.texts.get(what, ""))
            for part in self.parts:
                self._counts[what].update(part.counts(what))
        return self._counts[what]

    def add(self, other: "Usage") -> None:
        for name in NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.parts.append(other)


NUMBERS = tuple(name for name, value in vars(Usage()).items() if isinstance(value, int))


@dataclass(frozen=True)
class Piece:
    """The usage of an hour (or minute, or of all that was asked for) and a group."""

    at: datetime | None
    group: Any
    usage: Usage


def total(pieces: Iterable[Piece]) -> Usage:
    found = Usage()
    for piece in pieces:
        found.add(piece.usage)
    return found


def whole(organization_id: UUID, wanted: Filter, span: Span, mark: datetime) -> Usage:
    """The sums of all of it, without a course over time."""
    return total(_read(organization_id, wanted, span, mark, "day", None))


def course(organization_id: UUID, wanted: Filter, span: Span, mark: datetime, group: str = "", with_times: bool = True) -> list[Piece]:
    """By ``unit_of`` the span or finer, and by group as well, if one of ``GROUPS`` is given."""
    return list(_read(organization_id, wanted, span, mark, unit_of(span), group, with_times=with_times))


def by(organization_id: UUID, wanted: Filter, span: Span, mark: datetime, unit: str, group: str = "") -> Iterator[Piece]:
    """By ``unit``, day or hour, or finer; without times. Read while it is iterated."""
    return _read(organization_id, wanted, span, mark, unit, group, with_times=False)


def unit_of(span: Span) -> str:
    """minute, hour or day: what a course of this length is told by. A time without a beginning is told by the day."""
    length = span.end - span.start if span.start else HOURS_UP_TO * 2
    return "minute" if length <= MINUTES_UP_TO else "hour" if length <= HOURS_UP_TO else "day"


# --- from where ----------------------------------------------------------------------------------


def _read(
    organization_id: UUID, wanted: Filter, span: Span, mark: datetime, unit: str, group: str | None, *, with_times: bool = True
) -> Iterator[Piece]:
    """``group`` is None where no course over time is wanted."""
    by = {"group": GROUPS[group]} if group else {}
    for rows in _sources(organization_id, span, mark, _kinds(wanted, unit, group)):
        keys = {} if group is None else by | {"at": _instant(rows, unit)}
        figures = sums.shown(rows) | (sums.of_times(rows) if with_times else {})
        for found in _grouped(narrowing.narrow(rows, wanted), keys, figures):
            yield Piece(found.get("at"), found.get("group"), _usage(found))


def _kinds(wanted: Filter, unit: str, group: str | None) -> tuple[type[Rollup], ...]:
    """Rollups that can tell it, the coarsest first."""
    if wanted.request_id:
        return ()
    has_details = narrowing.asks_for_details(wanted) or group in DETAILED
    return tuple(kind for kind in KINDS[unit] if not (has_details and kind is UsageTotal))


def _grouped(rows: Rows, keys: dict[str, Any], figures: dict[str, Any]) -> Iterable[dict[str, Any]]:
    if not keys:
        return [rows.aggregate(**figures)]
    found: Iterable[dict[str, Any]] = rows.annotate(**keys).values(*keys).annotate(**figures).iterator(2000)
    return found


def _instant(rows: Rows, unit: str) -> Any:
    if rows.model is not Request:
        return F("start")
    return TruncMinute("created_at") if unit == "minute" else TruncHour("created_at")


def _usage(found: dict[str, Any]) -> Usage:
    usage = Usage(**{name: found[f"all_{name}"] for name in NUMBERS})
    for name in sums.TIMES:
        if text := found.get(f"all_{name}"):
            usage.texts[name] = text
    return usage


def _sources(organization_id: UUID, span: Span, mark: datetime, kinds: tuple[type[Rollup], ...]) -> Iterator[Rows]:
    """What the first kind of rollup has whole, and what is before and after it of the next kind; at last the requests."""
    if not kinds:
        yield narrowing.within(Request.objects.filter(organization_id=organization_id).order_by(), span)
        return
    first, last = _whole(kinds[0], span, mark)
    if first and first >= last:
        yield from _sources(organization_id, span, mark, kinds[1:])
        return
    if span.start and first and span.start < first:
        yield from _sources(organization_id, Span(span.start, first), mark, kinds[1:])
    rows = kinds[0]._default_manager.filter(organization_id=organization_id, start__lt=last).order_by()
    yield rows.filter(start__gte=first) if first else rows
    if span.end > last:
        yield from _sources(organization_id, Span(last, span.end, span.is_open), mark, kinds[1:])


def _whole(kind: type[Rollup], span: Span, mark: datetime) -> tuple[datetime | None, datetime]:
    """From and to where rollups have everything; nothing where the first is not before the last."""
    nearly = rollups.LENGTHS[kind] - timedelta(microseconds=1)
    first = rollups.start_of(kind, span.start + nearly) if span.start else None
    mark = min(mark, rollups.totals_mark()) if kind is UsageTotal else mark
    return first, rollups.start_of(kind, min(mark, span.end))
