"""What a saved view shows, in words: ``Model: llama · Status: All errors · Last 7 days · Cost by model``."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import QueryDict

from accounts.models import Membership
from activity import chart, filters, saved
from activity.choices import LABELS
from activity.filters import KNOWN, LIMBS, STUDIO, Filter
from activity.models import SavedView
from clod_site.lib import ids
from projects.models import ApiKey, Project

Names = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Row:
    """A view of the list; ``is_own`` and ``may_delete`` are about who reads it."""

    view: SavedView
    shows: str
    is_own: bool
    may_delete: bool


def of_views(member: Membership, views: Iterable[SavedView]) -> list[Row]:
    found = list(views)
    read = [(view, QueryDict(view.query)) for view in found]
    names = _names(member, [filters.read(query) for _, query in read])
    return [Row(view, _words(query, names), view.owner_id == member.user_id, saved.may_delete(member, view)) for view, query in read]


def of_query(member: Membership, text: str) -> str:
    query = QueryDict(text)
    return _words(query, _names(member, [filters.read(query)]))


def _words(query: QueryDict, names: Names) -> str:
    wanted, shown = filters.read(query), chart.read(query)
    parts = [f"{LABELS[name]}: {_values(wanted, name, names)}" for name in LIMBS if getattr(wanted, name)]
    parts += [f"contains {wanted.text}"] if wanted.text else []
    by = f" {chart.BY[shown.by].lower()}" if shown.by else ""
    return " · ".join([*parts, wanted.label, f"{chart.METRICS[shown.metric].label}{by}"])


def _values(wanted: Filter, name: str, names: Names) -> str:
    own = names.get(name) or KNOWN.get(name, {})
    return ", ".join(own.get(value, value if name not in names else "one that is gone") for value in getattr(wanted, name))


def _names(member: Membership, wanted: list[Filter]) -> Names:
    """Of the projects and keys that the filters name, in two queries for all of them."""
    projects = {pk for each in wanted for value in each.project if (pk := ids.parse_public("proj", value))}
    keys = {value for each in wanted for value in each.key}
    found = Project.objects.filter(organization_id=member.organization_id, pk__in=projects)
    named = ApiKey.objects.filter(project__organization_id=member.organization_id, public_id__in=keys)
    return {
        "project": {ids.public("proj", pk): name for pk, name in found.values_list("pk", "name")},
        "key": {STUDIO: "Studio", **dict(named.values_list("public_id", "name"))},
    }
