"""Which requests a page shows: the filter in the address, read and written back the same way."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict

from activity.models import Status
from clod_site.lib import clock, ids

RANGES: dict[str, tuple[str, timedelta | None]] = {
    "1h": ("Last hour", timedelta(hours=1)),
    "24h": ("Last 24 hours", timedelta(hours=24)),
    "7d": ("Last 7 days", timedelta(days=7)),
    "30d": ("Last 30 days", timedelta(days=30)),
    "all": ("All time", None),
}
DEFAULT_RANGE, DATES = "24h", "dates"
ERRORS, STUDIO = "errors", "studio"
STATUSES = {ERRORS: "All errors"} | {status.value: status.label.capitalize() for status in Status}
PAYERS = {"wallet": "Wallet", "free": "Free requests"}
STREAMS = {"yes": "Streamed", "no": "Whole answers"}
KNOWN = {"status": STATUSES, "paid": PAYERS, "stream": STREAMS}
LONGEST = {"model": 80, "project": 40, "key": 12, "site": 80}
MOST_VALUES = 20
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)
LIMBS = ("model", "project", "key", "site", "status", "paid", "stream")


@dataclass(frozen=True)
class Span:
    """From an instant (None: the beginning) to before another. One that ends now is open: another machine's clock may be ahead of ours."""

    start: datetime | None
    end: datetime
    is_open: bool = False

    @property
    def before(self) -> "Span | None":
        """The same length of time just before it; None before the beginning of everything."""
        return Span(self.start - (self.end - self.start), self.start) if self.start else None


@dataclass(frozen=True)
class Filter:
    """Nothing means "any". ``project`` has public ids, ``key`` public parts of API keys or ``studio``, ``site`` data centers or providers.

    ``first`` and ``last`` are days of the organization, both included, and take the place of ``range`` where it is ``dates``.
    ``view`` is the saved view it began as; ``dropped`` names what of the address meant nothing.
    """

    model: tuple[str, ...] = ()
    project: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    site: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    paid: tuple[str, ...] = ()
    stream: tuple[str, ...] = ()
    text: str = ""
    range: str = DEFAULT_RANGE
    view: str = ""
    first: date | None = None
    last: date | None = None
    dropped: tuple[str, ...] = field(default=(), compare=False)

    @property
    def is_narrowed(self) -> bool:
        return bool(self.text or any(getattr(self, name) for name in LIMBS))

    @property
    def request_id(self) -> UUID | None:
        """The one request that ``text`` names."""
        return ids.parse_public("req", self.text)

    @property
    def label(self) -> str:
        if self.range != DATES:
            return RANGES[self.range][0]
        return f"{f'{self.first:%-d %b %Y}' if self.first else 'the beginning'} to {f'{self.last:%-d %b %Y}' if self.last else 'now'}"

    def span(self, now: datetime, zone: str) -> Span:
        """Days begin and end in the zone, so a day may have 23 or 25 hours."""
        if self.range != DATES:
            length = RANGES[self.range][1]
            return Span(now - length if length else None, now, is_open=True)
        start = clock.day_start(zone, self.first) if self.first else None
        end = clock.day_start(zone, self.last + timedelta(days=1)) if self.last else now
        return Span(start, end, is_open=not self.last)

    def query(self) -> str:
        """The address's query string, without what is at its default."""
        return urlencode(self.parts())

    def without(self, name: str, *values: str) -> "Filter":
        """The same without some values of a name."""
        if name == "range":
            return replace(self, range=DEFAULT_RANGE, first=None, last=None)
        left: object = tuple(each for each in getattr(self, name) if each not in values) if name in LIMBS else ""
        return replace(self, **{name: left})  # type: ignore[arg-type]

    def leave_out(self, name: str, *values: str) -> "Filter":
        """The same without values that mean nothing, which ``dropped`` then tells."""
        return replace(self.without(name, *values), dropped=(*self.dropped, name)) if any(values) else self

    def parts(self) -> list[tuple[str, str]]:
        """Names and values of the address."""
        found = [(name, value) for name in LIMBS for value in getattr(self, name)]
        found += [("q", self.text)] if self.text else []
        found += [("range", self.range)] if self.range not in (DEFAULT_RANGE, DATES) else []
        days = (("from", self.first), ("to", self.last)) if self.range == DATES else ()
        found += [(name, day.isoformat()) for name, day in days if day]
        return found + ([("view", self.view)] if self.view else [])


# --- reading an address --------------------------------------------------------------------------


def read(query: QueryDict) -> Filter:
    """The filter an address asks for; values that mean nothing are dropped, and named in ``dropped``."""
    dropped: list[str] = []
    chosen: dict[str, object] = {name: _values(query, name, dropped) for name in LIMBS}
    chosen |= {"text": _text(query.get("q", ""), 200), "view": _text(query.get("view", ""), 27)}
    return Filter(**chosen, **_time(query, dropped), dropped=tuple(dict.fromkeys(dropped)))  # type: ignore[arg-type]


def _values(query: QueryDict, name: str, dropped: list[str]) -> tuple[str, ...]:
    found = list(dict.fromkeys(filter(None, query.getlist(name))))
    good = [value for value in found if _is_known(name, value)][:MOST_VALUES]
    dropped += [name] * (len(found) - len(good))
    return tuple(good)


def _is_known(name: str, value: str) -> bool:
    """Whether it could be a value at all; one of somebody else's is not told from one that does not exist."""
    if name in KNOWN:
        return value in KNOWN[name]
    return value == _text(value, LONGEST[name]) and (name != "project" or ids.parse_public("proj", value) is not None)


def _text(text: str, longest: int) -> str:
    return text.strip()[:longest].replace("\x00", "")


def _time(query: QueryDict, dropped: list[str]) -> dict[str, object]:
    first, last = _day(query, "from", dropped), _day(query, "to", dropped)
    if first and last and last < first:
        dropped.append("to")
        last = None
    if first or last:
        return {"range": DATES, "first": first, "last": last}
    wanted = query.get("range", "") or DEFAULT_RANGE
    if wanted not in RANGES and wanted != DATES:
        dropped.append("range")
    return {"range": wanted if wanted in RANGES else DEFAULT_RANGE}


def _day(query: QueryDict, name: str, dropped: list[str]) -> date | None:
    text = query.get(name, "")
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        day = LATEST
    if day and not EARLIEST <= day < LATEST:
        dropped.append(name)
        return None
    return day
