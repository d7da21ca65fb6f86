"""Everything the top of the Activity page shows of a filter: tiles, chart, savings. Read once, from rollups and the newest requests."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import urlencode

from accounts.models import Organization
from activity import chart, paging, rollups, savings, sketch, steps, tiles, usage
from activity.chart import Chart
from activity.filters import Filter, Span
from activity.queries import Page
from activity.sketch import Sketch
from activity.tiles import Tile
from activity.usage import Piece, Usage


def query_of(wanted: Filter, shown: chart.Wanted) -> str:
    """The query string of a filter and a chart."""
    return urlencode(wanted.parts() + shown.parts())


@dataclass(frozen=True)
class Board:
    organization: Organization
    wanted: Filter
    shown: chart.Wanted
    now: datetime

    @property
    def query(self) -> str:
        """The address's query string: filter and chart."""
        return self.query_of(self.wanted)

    def query_of(self, wanted: Filter) -> str:
        """Of another filter under the same chart."""
        return query_of(wanted, self.shown)

    @cached_property
    def mark(self) -> datetime:
        return rollups.mark()

    @cached_property
    def zone(self) -> str:
        return self.organization.calendar.zone_at(self.now)

    @cached_property
    def span(self) -> Span:
        return self.wanted.span(self.now, self.zone)

    @cached_property
    def pieces(self) -> list[Piece]:
        return usage.course(self.organization.pk, self.wanted, self.span, self.mark)

    @cached_property
    def total(self) -> Usage:
        return usage.total(self.pieces)

    @cached_property
    def before(self) -> Usage | None:
        span = self.span.before
        return usage.whole(self.organization.pk, self.wanted, span, self.mark) if span and not self.wanted.request_id else None

    @cached_property
    def chart(self) -> Chart:
        if not self.shown.by:
            return chart.of_pieces(self.pieces, self.shown, self.span, self.now)
        return chart.of(self.organization.pk, self.shown, self.wanted, self.span, self.mark, self.now)

    @cached_property
    def sketch(self) -> Sketch | None:
        return sketch.of(self.chart)

    @cached_property
    def tiles(self) -> list[Tile]:
        span = steps.begun(self.span, self.pieces, self.now)
        found = steps.of(span)
        at = steps.by_point(self.pieces, found)
        return tiles.of(self.total, self.before, [at.get(point, Usage()) for point in found.points(span)])

    @cached_property
    def savings(self) -> savings.Savings:
        return savings.of_many(self.total)

    def page(self, cursor: str) -> Page:
        return paging.page(self.organization.pk, self.wanted, self.span, self.mark, cursor)
