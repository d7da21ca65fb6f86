"""What the filters of the Activity page offer, and the chips of those in force."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from activity import chart, filters, rollups
from activity.board import Board
from activity.filters import STUDIO, Filter
from activity.models import Request, UsageDay, UsageHour
from activity.queries import Page
from catalog.models import DataCenter
from catalog.pages import market
from clod_site.lib import ids
from projects.models import ApiKey, Project

LATELY, MOST_KEYS = timedelta(days=30), 200
LABELS = {
    "model": "Model",
    "project": "Project",
    "key": "Key",
    "site": "Data center",
    "status": "Status",
    "paid": "Paid by",
    "stream": "Streaming",
    "text": "Contains",
    "range": "Time",
    "from": "From",
    "to": "To",
    "view": "Saved view",
}
Options = list[tuple[str, str]]


@dataclass(frozen=True)
class Choice:
    """One filter with several values: a menu of boxes to tick."""

    name: str
    label: str
    options: Options
    chosen: tuple[str, ...]


@dataclass(frozen=True)
class Chip:
    """A value in force; ``query`` is the address without it."""

    label: str
    value: str
    query: str


def of(board: Board, page: Page) -> dict[str, Any]:
    """The whole frame around the live part; whether there is anything to filter at all."""
    is_new_here = not page.rows and not Request.objects.filter(organization=board.organization).exists()
    found = _choices(board)
    return {
        "is_new_here": is_new_here,
        "suggested_model": market.suggestion() if is_new_here else "",
        "ranges": [(value, label) for value, (label, _) in filters.RANGES.items()],
        "choices": found,
        "chips": list(_chips(board, found)),
        "dropped": [LABELS[name] for name in board.wanted.dropped],
        "metrics": [(name, metric.label) for name, metric in chart.METRICS.items()],
        "groups": chart.BY.items(),
    }


def _choices(board: Board) -> list[Choice]:
    models, sites = _lately(board.organization.pk, board.mark, board.now)
    projects = Project.objects.filter(organization=board.organization).order_by("name")
    keys = ApiKey.objects.filter(project__organization=board.organization).order_by("name", "id")[:MOST_KEYS]
    options: dict[str, Options] = {
        "model": [(slug, slug) for slug in models],
        "project": [(ids.public("proj", project.id), project.name) for project in projects],
        "key": [(STUDIO, "Studio"), *((key.public_id, key.name) for key in keys)],
        "site": sites,
        "status": list(filters.STATUSES.items()),
        "paid": list(filters.PAYERS.items()),
        "stream": list(filters.STREAMS.items()),
    }
    return [Choice(name, LABELS[name], _with_chosen(name, options[name], board.wanted), getattr(board.wanted, name)) for name in options]


def _with_chosen(name: str, options: Options, wanted: Filter) -> Options:
    """What is in force can be seen and taken away, whether it is still offered or not."""
    offered = {value for value, _ in options}
    return [*options, *((value, value) for value in getattr(wanted, name) if value not in offered)]


def _lately(organization_id: UUID, mark: datetime, now: datetime) -> tuple[list[str], Options]:
    """Models called in the last 30 days, and who answered."""
    since, fields = now - LATELY, ("model", "data_center", "provider")
    days = UsageDay.objects.filter(organization_id=organization_id, start__gte=since)
    hours = UsageHour.objects.filter(organization_id=organization_id, start__gte=max(rollups.start_of(UsageDay, mark), since))
    rest = Request.objects.filter(organization_id=organization_id, id__gte=ids.first_at(max(mark, since)))
    found = {told for rows in (days, hours, rest) for told in rows.order_by().values_list(*fields).distinct()}
    names = dict(DataCenter.objects.values_list("slug", "name"))
    sites = {site or provider for _, site, provider in found if site or provider}
    return sorted({model for model, _, _ in found if model}), sorted(
        ((site, names.get(site, site)) for site in sites), key=lambda each: each[1]
    )


def _chips(board: Board, choices: Iterable[Choice]) -> Iterable[Chip]:
    wanted = board.wanted
    for choice in choices:
        names = dict(choice.options)
        for value in choice.chosen:
            yield Chip(choice.label, names[value], board.query_of(wanted.without(choice.name, value)))
    if wanted.text:
        yield Chip(LABELS["text"], wanted.text, board.query_of(wanted.without("text")))
    if wanted.range == filters.DATES:
        yield Chip(LABELS["range"], wanted.label, board.query_of(wanted.without("range")))
