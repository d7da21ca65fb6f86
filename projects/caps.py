"""Changing the caps of a project or a key, from wherever they are changed. Amounts are nano-USD; none means no cap."""

from typing import Any

from django.db import transaction

from clod_site.lib import ahead
from projects import telling
from projects.models import ApiKey, Project
from webhooks import events
from webhooks.event_types import KEY_CAP_CHANGED, PROJECT_CAP_CHANGED

CAPS = ("daily_cap_nanousd", "monthly_cap_nanousd")
Caps = dict[str, int | None]


@transaction.atomic
def of_project(project: Project, columns: dict[str, Any]) -> None:
    """``columns`` are its caps, and may be others that are written with them."""
    before = _locked(Project, project)
    Project.objects.filter(pk=project.pk).update(**columns)
    ahead.run_out(project_id=project.pk)
    tell(project, before, columns)


@transaction.atomic
def of_key(api_key: ApiKey, columns: Caps) -> None:
    before = _locked(ApiKey, api_key)
    ApiKey.objects.filter(pk=api_key.pk).update(**columns)
    ahead.run_out(api_key_id=api_key.pk)
    after = {name: columns.get(name, before[name]) for name in CAPS}
    if after != before:
        telling.of_key(KEY_CAP_CHANGED, api_key, before=telling.caps(before), after=telling.caps(after))


def tell(project: Project, before: Caps, columns: dict[str, Any]) -> None:
    """For who writes the row themselves, in the same transaction."""
    after = {name: columns.get(name, before[name]) for name in CAPS}
    if after != before:
        told = {"project": telling.project(project), "before": telling.caps(before), "after": telling.caps(after)}
        events.emit(project.organization_id, PROJECT_CAP_CHANGED, told)


def _locked(kind: type[Project] | type[ApiKey], row: Project | ApiKey) -> Caps:
    found: Caps = kind._default_manager.select_for_update(no_key=True, of=("self",)).filter(pk=row.pk).values(*CAPS).get()
    return found
