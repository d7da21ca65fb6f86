"""The public status page: what works right now, and how well it did in the last day, measured on real requests.

It is drawn without asking who looks, so that it opens while the database is away; then it tells what was measured last, and when.
"""

import threading
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import Error as DatabaseAway
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from accounts.context import look
from activity import service_status
from activity.service_status import Site
from catalog import ticks
from catalog.markets import RECOMPUTE
from catalog.models import DeliveredPrice, PriceJob
from clod_site.lib import clock
from gateway import readiness

KEPT_S = 30
PRICES_LATE, FEED_LATE = timedelta(minutes=20), timedelta(hours=2)


class Part(NamedTuple):
    """Something that works or does not."""

    name: str
    works: bool
    words: str


class Feed(NamedTuple):
    label: str
    newest_at: datetime | None
    is_late: bool


class Status(NamedTuple):
    """``measured_at`` is when; the database may be away since."""

    measured_at: datetime
    parts: tuple[Part, ...]
    sites: tuple[Site, ...] = ()
    feeds: tuple[Feed, ...] = ()
    sites_measured_at: datetime | None = None

    @property
    def works(self) -> bool:
        return all(part.works for part in self.parts)


_measuring = threading.Lock()
_known: Status | None = None


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    status = current()
    html = render_to_string("status.html", {"status": status, "kept_s": KEPT_S, "fewest": service_status.FEWEST, **look(request)})
    return _cached(HttpResponse(html))


@require_safe
def as_json(request: HttpRequest) -> JsonResponse:
    status = current()
    body = {
        "status": "ok" if status.works else "degraded",
        "measured_at": status.measured_at,
        "parts": [part._asdict() for part in status.parts],
        "sites": [_site(site) for site in status.sites],
        "sites_measured_at": status.sites_measured_at,
        "feeds": [feed._asdict() for feed in status.feeds],
    }
    answer = _cached(JsonResponse(body))
    answer["Access-Control-Allow-Origin"] = "*"
    return answer  # type: ignore[return-value]


def current() -> Status:
    """At most KEPT_S old, of this process. One visitor measures; the others see what was measured before, if anything was."""
    global _known
    known = _known
    if known and clock.now() - known.measured_at < timedelta(seconds=KEPT_S):
        return known
    if not _measuring.acquire(blocking=known is None):
        return known or Status(clock.now(), ())
    try:
        if _known is known:
            _known = _measured(known)
        return _known or Status(clock.now(), ())
    finally:
        _measuring.release()


def forget() -> None:
    global _known
    _known = None


def _measured(before: Status | None) -> Status:
    now = clock.now()
    answers = Part("API", True, "This page and the API are answered by the same processes.")
    try:
        problem = readiness.problem()
        parts = (answers, _database(not problem), *_prices(now))
        return Status(now, parts, tuple(service_status.sites(now)), tuple(_feeds(now)), now)
    except DatabaseAway:
        kept = before or Status(now, ())
        return Status(now, (answers, _database(False)), kept.sites, kept.feeds, kept.sites_measured_at)


def _database(works: bool) -> Part:
    return Part(
        "Calls", works, "Calls can be paid for and recorded." if works else "Calls are refused with 503 until the database is back."
    )


def _prices(now: datetime) -> tuple[Part, Part]:
    routable = {endpoint.pk: endpoint.model_id for endpoint in ticks.routable()}
    count = len({routable[endpoint] for endpoint in ticks.newest(routable)})
    models = Part("Models", count > 0, f"{count} model{'s' * (count != 1)} can be called." if count else "No model can be called.")
    ran = PriceJob.objects.filter(name=RECOMPUTE).values_list("last_run_at", flat=True).first()
    newest = DeliveredPrice.objects.aggregate(at=Max("interval_start"))["at"]  # a new site has prices before its first job has run
    late = not any(instant and now - instant <= PRICES_LATE for instant in (ran, newest))
    if late:
        return models, Part("Prices", False, "Prices stand still; calls go on at the last ones.")
    if (feeds := _feeds(now)) and all(feed.is_late for feed in feeds):
        return models, Part("Prices", False, "No electricity market has told its price lately; prices are the last ones, or estimates.")
    return models, Part("Prices", True, "Prices follow the grid.")


def _feeds(now: datetime) -> list[Feed]:
    rows = PriceJob.objects.exclude(name=RECOMPUTE).order_by("label").values_list("label", "newest_interval_end")
    return [Feed(label, newest, newest is None or now - newest > FEED_LATE) for label, newest in rows]


def _site(site: Site) -> dict[str, Any]:
    hours = [hour._asdict() for hour in site.hours]
    return site._asdict() | {"kind": "data_center" if site.is_data_center else "provider", "hours": hours}


def _cached(answer: HttpResponse) -> HttpResponse:
    answer["Cache-Control"] = "public, max-age=15"
    return answer
