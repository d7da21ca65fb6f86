"""Usage for programs: what requests add up to, by day or hour and by a group, as JSON or CSV. Nothing is left out: the newest requests are
in it a moment after they end, before any rollup has them.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from activity import rollups, usage
from activity.filters import Filter
from activity.queries import instant
from activity.usage import Usage
from activity.usage_asked import GROUPS, Asked
from clod_site.lib import ids, money, spreadsheet
from clod_site.lib.refusal import Refusal
from projects.models import ApiKey, Project

MOST_ROWS = 20_000
FIGURES = ("requests", "errors", "prompt_tokens", "completion_tokens", "total_tokens", "cost", "cost_usd", "cost_nanousd")
Sums = dict[tuple[datetime, Any], Usage]


def answer(organization_id: UUID, asked: Asked, project_id: UUID | None = None) -> dict[str, Any]:
    """Of one project, or of all. Rows are in order of time, then by what costs most. Refusal where there are too many."""
    sums = _sums(organization_id, asked, project_id)
    names = NAMES[asked.group](organization_id, {group for _, group in sums}) if asked.group in NAMES else {}
    order = sorted(sums.items(), key=lambda each: (each[0][0], -each[1].cost_nanousd, -each[1].requests, str(each[0][1])))
    whole = Usage()
    for _, found in order:
        whole.add(found)
    return {
        "object": "usage",
        "from": instant(asked.span.start) if asked.span.start else None,
        "to": instant(asked.span.end),
        "by": asked.by,
        "group": asked.group or None,
        "data": [{"start": instant(at), **_group(asked, group, names), **figures(found)} for (at, group), found in order],
        "total": figures(whole),
    }


def figures(found: Usage) -> dict[str, Any]:
    return {
        "requests": found.requests,
        "errors": found.failed,
        "prompt_tokens": found.prompt_tokens,
        "completion_tokens": found.completion_tokens,
        "total_tokens": found.tokens,
        "cost": money.as_number(found.cost_nanousd),
        "cost_usd": money.as_text(found.cost_nanousd),
        "cost_nanousd": found.cost_nanousd,
    }


def csv(told: dict[str, Any]) -> str:
    """The rows alone; adding them up is what spreadsheets are for."""
    columns = ["start", *COLUMNS[told["group"] or ""], *FIGURES]
    return "".join(spreadsheet.lines([columns, *([spreadsheet.harmless(cell) for cell in _cells(told, row)] for row in told["data"])]))


# --- adding up -----------------------------------------------------------------------------------


def _sums(organization_id: UUID, asked: Asked, project_id: UUID | None) -> Sums:
    wanted = Filter(project=(ids.public("proj", project_id),)) if project_id else Filter()
    sums: Sums = {}
    for piece in usage.by(organization_id, wanted, asked.span, rollups.mark(), asked.by, GROUPS.get(asked.group, "")):
        assert piece.at is not None
        at = rollups.hour_of(piece.at)
        key = (at.replace(hour=0) if asked.by == "day" else at, piece.group)
        sums.setdefault(key, Usage()).add(piece.usage)
        if len(sums) > MOST_ROWS:
            raise Refusal(f"These are more than {MOST_ROWS:,} rows. Ask for a shorter time, for days, or for another group.", param="from")
    return sums


# --- names ---------------------------------------------------------------------------------------


def _group(asked: Asked, group: Any, names: dict[Any, Any]) -> dict[str, Any]:
    if not asked.group:
        return {}
    if asked.group == "key":
        return {"api_key": names.get(group)}
    return {asked.group: names.get(group) if asked.group in NAMES else group}


def _projects(organization_id: UUID, found: set[Any]) -> dict[Any, Any]:
    rows = Project.objects.filter(organization_id=organization_id, pk__in=found).values_list("pk", "name")
    return {pk: {"id": ids.public("proj", pk), "name": name} for pk, name in rows}


def _keys(organization_id: UUID, found: set[Any]) -> dict[Any, Any]:
    """None, of Studio, has no key."""
    rows = ApiKey.objects.filter(project__organization_id=organization_id, pk__in=[pk for pk in found if pk])
    return {row.pk: {"id": ids.public("key", row.pk), "prefix": row.prefix, "name": row.name} for row in rows}


NAMES: dict[str, Callable[[UUID, set[Any]], dict[Any, Any]]] = {"project": _projects, "key": _keys}
COLUMNS: dict[str, tuple[str, ...]] = {
    "": (),
    "model": ("model",),
    "project": ("project_id", "project"),
    "key": ("api_key", "api_key_name"),
    "data_center": ("data_center",),
    "status": ("status",),
}


def _cells(told: dict[str, Any], row: dict[str, Any]) -> Iterator[object]:
    yield row["start"]
    if told["group"] == "project":
        yield from (row["project"]["id"], row["project"]["name"])
    elif told["group"] == "key":
        yield from (row["api_key"]["prefix"], row["api_key"]["name"]) if row["api_key"] else ("", "Studio")
    elif told["group"]:
        yield row[told["group"]]
    yield from (row[name] for name in FIGURES)
