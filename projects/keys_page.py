"""What a table of API keys shows: of the whole organization, or of one project."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts import access
from accounts.access import WRITERS, MemberRequest
from clod_site.lib import clock
from projects.key_forms import KeyForm
from projects.models import ApiKey, Project

SHOWN = 200


@dataclass(frozen=True)
class Row:
    api_key: ApiKey
    state: str
    tone: str

    @property
    def is_active(self) -> bool:
        return self.state in {"active", "retiring"}

    @property
    def is_disabled(self) -> bool:
        return self.state == "disabled"

    @property
    def has_ended(self) -> bool:
        """Revoked or expired: nothing brings it back."""
        return self.state in {"revoked", "expired"}


def of(request: MemberRequest, project: Project | None = None) -> dict[str, Any]:
    """Keys that work first, then by age; the newest 200. Three queries: keys, and projects and models for the dialog."""
    found = ApiKey.objects.filter(project__organization_id=request.membership.organization_id, project__archived_at=None)
    if project:
        found = found.filter(project=project)
    keys = found.select_related("project__organization", "created_by").order_by("-created_at")[:SHOWN]
    rows = sorted(map(row, keys), key=lambda each: not each.is_active)
    return {"rows": rows, "form": form(request, project), "may_write": access.may(request.membership, WRITERS)}


def find(request: MemberRequest, key_id: UUID) -> ApiKey:
    """One of the organization's, or 404."""
    found = ApiKey.objects.select_related("project__organization", "created_by").filter(project__archived_at=None)
    return access.find(found, request.membership, within="project__organization", pk=key_id)


def form(request: MemberRequest, project: Project | None = None, *, name: str = "", data: Any = None) -> KeyForm:
    """The form of a new key; it starts with the given project and name, else with the default project."""
    projects = Project.objects.filter(organization_id=request.membership.organization_id, archived_at=None)
    return KeyForm(data, projects=projects.order_by("-is_default", "name"), initial={"project": project, "name": name})


def row(api_key: ApiKey) -> Row:
    """A key and whether it works."""
    if api_key.revoked_at:
        return Row(api_key, "revoked", "bad")
    if api_key.expires_at and api_key.expires_at <= clock.now():
        return Row(api_key, "expired", "warn")
    if api_key.disabled_at:
        return Row(api_key, "disabled", "warn")
    return Row(api_key, "retiring" if api_key.successor_id else "active", "good")
