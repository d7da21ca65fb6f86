"""What a project or key has done lately, for their own pages: the tiles of Activity, and a bar for every day."""

from dataclasses import dataclass
from typing import Any

from django import template

from accounts.models import Organization
from activity import chart
from activity.board import Board
from activity.filters import Filter
from clod_site.lib import clock, ids
from projects.models import ApiKey, Project

register = template.Library()
RANGE = "30d"
STEP, BAR, HEIGHT = 10, 7, 96


@dataclass(frozen=True)
class Bar:
    """A day's requests, and where its bar stands in the drawing."""

    x: int
    y: float
    height: float
    text: str


@register.inclusion_tag("activity/_usage.html")
def usage_of(subject: Project | ApiKey) -> dict[str, Any]:
    """The last 30 days, of rollups and the newest requests."""
    wanted = _filter(subject)
    board = Board(_organization(subject), wanted, chart.Wanted(), clock.now())
    return {"board": board, "bars": _bars(board), "width": len(board.chart.points) * STEP, "height": HEIGHT, "query": wanted.query()}


def _filter(subject: Project | ApiKey) -> Filter:
    if isinstance(subject, Project):
        return Filter(project=(ids.public("proj", subject.pk),), range=RANGE)
    return Filter(key=(subject.public_id,), range=RANGE)


def _organization(subject: Project | ApiKey) -> Organization:
    return subject.organization if isinstance(subject, Project) else subject.project.organization


def _bars(board: Board) -> list[Bar]:
    """A day with any requests at all is seen, however many another one had."""
    values = [int(value or 0) for value in board.chart.lines[0].values]
    most = max(values, default=0)
    return [
        Bar(x * STEP, HEIGHT - height, height, f"{point:%d %b}: {count:,} request{'' if count == 1 else 's'}")
        for x, (point, count) in enumerate(zip(board.chart.points, values, strict=True))
        if count and (height := max(2.0, round(count * HEIGHT / most, 1)))
    ]
