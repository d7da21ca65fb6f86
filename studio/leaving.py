"""What Studio forgets with an account, and what of it an organization's owner takes out as data."""

from collections.abc import Iterator
from typing import Any

from accounts.models import Organization, User
from clod_site.lib import ids
from studio.models import StudioPreset, StudioToken


def on_account_close(user: User, **_: Any) -> None:
    """Shared presets go on, as the keys of who leaves do."""
    StudioToken.objects.filter(user=user).delete()
    StudioPreset.objects.filter(author=user, is_shared=False).delete()


def exported(organization: Organization, **_: Any) -> dict[str, Iterator[dict[str, Any]]]:
    """Shared presets; the others are their authors'."""
    return {"studio_presets": _shared(organization)}


def _shared(organization: Organization) -> Iterator[dict[str, Any]]:
    for row in StudioPreset.objects.filter(organization=organization, is_shared=True, deleted_at=None).order_by("created_at"):
        instants = {"created_at": row.created_at, "updated_at": row.updated_at}
        yield {"id": ids.public("pre", row.pk), "name": row.name, "setup": row.setup, **instants}
