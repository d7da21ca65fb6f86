"""Projects in the frame, and the model that snippets name."""

from typing import Any

from django import template

from accounts.models import Membership
from projects import first_call
from projects.models import Project

register = template.Library()
SHOWN = 12


@register.inclusion_tag("frame/projects.html")
def project_menu(membership: Membership) -> dict[str, Any]:
    """The first projects of the organization, for the switcher."""
    projects = Project.objects.filter(organization_id=membership.organization_id, archived_at=None)
    return {"projects": projects.order_by("-is_default", "name")[:SHOWN]}


@register.simple_tag
def first_model(project: Project | None = None) -> str:
    """The slug of a model that the reader can call first."""
    return first_call.model_for(project)
