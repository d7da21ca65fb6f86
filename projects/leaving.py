"""What an organization leaves of its projects and keys: to its owner as data, and when it closes."""

from collections.abc import Iterator
from typing import Any

from accounts.models import Organization, User
from clod_site.lib import ids, money
from projects import keys
from projects.models import ApiKey, Project, Recipient


def on_close(organization: Organization, actor: User, **_: Any) -> None:
    """Every key is revoked, once and for all."""
    for api_key in ApiKey.objects.filter(project__organization=organization, revoked_at=None):
        keys.revoke(api_key, actor=actor)


def exported(organization: Organization, **_: Any) -> dict[str, Iterator[dict[str, Any]]]:
    return {"projects": _projects(organization), "api_keys": _api_keys(organization)}


def _projects(organization: Organization) -> Iterator[dict[str, Any]]:
    for project in organization.projects.prefetch_related("allowed_models", "recipients").order_by("created_at"):
        yield {
            "id": ids.public("proj", project.pk),
            **_described(project),
            "archived_at": project.archived_at,
            "body_logging": project.body_logging,
            "body_days": project.body_days,
            "recipients": [_recipient(row) for row in project.recipients.all()],
        }


def _recipient(row: Recipient) -> dict[str, Any]:
    return {
        "name": row.name,
        "public_key": row.jwk,
        **{name: getattr(row, name) for name in ("kid", "created_at", "proven_at", "revoked_at")},
    }


def _api_keys(organization: Organization) -> Iterator[dict[str, Any]]:
    """Without their secrets, which we do not have."""
    found = ApiKey.objects.filter(project__organization=organization).select_related("project", "created_by")
    for key in found.prefetch_related("allowed_models").order_by("created_at"):
        yield {
            "prefix": key.prefix,
            "project": key.project.name,
            **_described(key),
            "created_by": key.created_by.email if key.created_by else None,
            "expires_at": key.expires_at,
            "revoked_at": key.revoked_at,
            "last_used_at": key.last_used_at,
            "allowed_networks": key.allowed_networks,
            "requests_per_minute": key.requests_per_minute,
            "tokens_per_minute": key.tokens_per_minute,
        }


def _described(row: Project | ApiKey) -> dict[str, Any]:
    caps = {"daily_cap_usd": row.daily_cap_nanousd, "monthly_cap_usd": row.monthly_cap_nanousd}
    return {
        "name": row.name,
        "created_at": row.created_at,
        **{name: None if cap is None else money.as_text(cap) for name, cap in caps.items()},
        "allowed_models": [model.slug for model in row.allowed_models.all()],
    }
