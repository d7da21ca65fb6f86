"""Projects in the frame, and the model that snippets name."""

import json
from collections.abc import Iterable
from typing import Any

from django import template

from accounts.models import Membership
from clod_site.lib import clock
from projects import first_call
from projects.encryption import words
from projects.models import ApiKey, Project, Recipient

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
    return first_call.model_for(*([project] if project else []))


@register.filter
def has_keys(rows: Iterable[tuple[Any, Any]]) -> bool:
    """Whether any of the projects (of ``with_budgets``, counted by the view) has a key in use."""
    return any(project.key_count for project, _ in rows)


@register.simple_tag
def keys_of_member(membership: Membership) -> int:
    """How many keys that still work the member has generated in the organization."""
    theirs = ApiKey.objects.filter(project__organization_id=membership.organization_id, project__archived_at=None)
    return theirs.filter(created_by=membership.user_id, revoked_at=None).exclude(expires_at__lte=clock.now()).count()


@register.filter
def bodies_in_short(project: Project, recipients: int) -> str:
    """Whether its prompts and answers are stored; ``recipients`` are those in use."""
    return words.short(project, recipients)


@register.filter
def fingerprint(kid: str) -> list[str]:
    """In groups of four, for two people to read to each other."""
    return [kid[at : at + 4] for at in range(0, len(kid), 4)]


@register.filter
def public_key(recipient: Recipient) -> str:
    """Its JWK as text, to be added elsewhere."""
    return json.dumps(recipient.jwk)
