"""Projects and keys that a filter names and the organization does not have (any more): left out, and named as what meant nothing.

Somebody else's is not told from one that never existed. Programs and files keep to what they were asked for, which then matches nothing.
"""

from uuid import UUID

from activity.filters import STUDIO, Filter
from clod_site.lib import ids
from projects.models import ApiKey, Project


def only(organization_id: UUID, wanted: Filter) -> Filter:
    for name, known in (("project", _projects), ("key", _keys)):
        values = getattr(wanted, name)
        wanted = wanted.leave_out(name, *({*values} - known(organization_id, values) if values else ()))
    return wanted


def _projects(organization_id: UUID, values: tuple[str, ...]) -> set[str]:
    asked = {ids.parse_public("proj", value): value for value in values}
    found = Project.objects.filter(organization_id=organization_id, pk__in=filter(None, asked)).values_list("pk", flat=True)
    return {asked[pk] for pk in found}


def _keys(organization_id: UUID, values: tuple[str, ...]) -> set[str]:
    found = ApiKey.objects.filter(project__organization_id=organization_id, public_id__in=values)
    return {STUDIO, *found.values_list("public_id", flat=True)}
