"""How well each data center and provider has answered in the last day, hour by hour: shares and medians over all organizations.

A share is answered ÷ (answered + failed) of the requests that a site had the last word in; a call that its client left, or that was
itself refused, says nothing about a site. Nobody is told how many there were, and where there were fewer than ``FEWEST`` nothing is
told at all: what one customer does alone is nobody else's to see.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, F, Sum
from django.db.models.functions import TruncHour

from activity import rollups, sums, times
from activity.models import Request, Status, UsageHour
from activity.rollups import HOUR
from catalog.models import DataCenter, Provider
from clod_site.lib import ids

HOURS = 24
FEWEST = 20
NEWEST = 100_000  # requests that are not in rollups yet: of more, the newest
ANSWERED = frozenset({Status.OK})
FAILED = frozenset({Status.TRUNCATED, Status.UPSTREAM_ERROR, Status.EXPIRED})


class Tally:
    """Requests of a site in some time."""

    def __init__(self) -> None:
        self.answered = self.failed = 0
        self.ttft: times.Counts = Counter()

    def add(self, status: str, requests: int, ttft: str) -> None:
        self.answered += requests if status in ANSWERED else 0
        self.failed += requests if status in FAILED else 0
        self.ttft += times.read(ttft)

    def join(self, other: "Tally") -> None:
        self.answered, self.failed = self.answered + other.answered, self.failed + other.failed
        self.ttft += other.ttft

    @property
    def share(self) -> float | None:
        """None where there are too few to tell."""
        requests = self.answered + self.failed
        return self.answered / requests if requests >= FEWEST else None

    def ttft_ms(self, share: float) -> int | None:
        return times.percentile(self.ttft, share) if sum(self.ttft.values()) >= FEWEST else None


class Hour(NamedTuple):
    start: datetime
    share: float | None


class Site(NamedTuple):
    """A data center, or a third party. None is "too few to tell"."""

    slug: str
    name: str
    is_data_center: bool
    share: float | None
    ttft_ms_p50: int | None
    ttft_ms_p95: int | None
    hours: tuple[Hour, ...]


def sites(now: datetime) -> list[Site]:
    """All active data centers, then the third parties that were called, each by name. Four queries."""
    since = rollups.hour_of(now) - (HOURS - 1) * HOUR
    tallies = _tallies(since)
    starts = [since + number * HOUR for number in range(HOURS)]
    return [_site(slug, name, is_ours, tallies.get((slug, is_ours), {}), starts) for slug, name, is_ours in _named(tallies)]


def _site(slug: str, name: str, is_ours: bool, by_hour: dict[datetime, Tally], starts: Iterable[datetime]) -> Site:
    whole = Tally()
    for tally in by_hour.values():
        whole.join(tally)
    none = Tally()
    hours = tuple(Hour(start, by_hour.get(start, none).share) for start in starts)
    return Site(slug, name, is_ours, whole.share, whole.ttft_ms(0.5), whole.ttft_ms(0.95), hours)


def _named(tallies: Iterable[tuple[str, bool]]) -> Iterator[tuple[str, str, bool]]:
    third_parties = [slug for slug, is_ours in tallies if not is_ours]
    for slug, name in DataCenter.objects.filter(active=True).order_by("name").values_list("slug", "name"):
        yield slug, name, True
    for slug, name in Provider.objects.filter(active=True, slug__in=third_parties).order_by("name").values_list("slug", "name"):
        yield slug, name, False


def _tallies(since: datetime) -> dict[tuple[str, bool], dict[datetime, Tally]]:
    found: dict[tuple[str, bool], dict[datetime, Tally]] = defaultdict(lambda: defaultdict(Tally))
    for row in _groups(since):
        site = (row["data_center"], True) if row["data_center"] else (row["provider"], False)
        found[site][row["hour"]].add(row["status"], row["n"], row["all_ttft"] or "")
    return found


def _groups(since: datetime) -> Iterator[dict[str, Any]]:
    """Of hours that are complete from their rollups, of the others from the requests."""
    by = ("hour", "provider", "data_center", "status")
    mark = rollups.mark()
    done = UsageHour.objects.filter(start__gte=since, start__lt=mark).annotate(hour=F("start"))
    yield from _grouped(done, by, Sum("requests"))
    recent = Request.objects.filter(id__gte=ids.first_at(max(since, mark))).order_by("-id").values("pk")[:NEWEST]
    yield from _grouped(Request.objects.filter(pk__in=recent).annotate(hour=TruncHour("created_at")), by, Count("pk"))


def _grouped(rows: Any, by: tuple[str, ...], count: Any) -> Iterator[dict[str, Any]]:
    yield from rows.order_by().values(*by).annotate(n=count, all_ttft=sums.of_times(rows)["all_ttft"]).iterator(1000)
