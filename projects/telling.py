"""What webhooks are told of projects and keys. Of a key its prefix, never its secret; amounts as text in dollars and in nano-USD."""

from datetime import datetime
from typing import Any

from clod_site.lib import ids, money
from projects.models import ApiKey, Project
from webhooks import events
from webhooks.event_types import KEY_ROTATED


def of_key(type_: str, api_key: ApiKey, **more: Any) -> None:
    events.emit(api_key.project.organization_id, type_, {"api_key": key(api_key), "project": project(api_key.project), **more})


def of_rotation(api_key: ApiKey, successor: ApiKey, works_until: datetime) -> None:
    until = min(works_until, api_key.expires_at or works_until)
    of_key(KEY_ROTATED, api_key, successor=key(successor), works_until=events.instant(until))


def key(api_key: ApiKey) -> dict[str, Any]:
    expires_at = events.instant(api_key.expires_at) if api_key.expires_at else None
    named = {"id": ids.public("key", api_key.pk), "name": api_key.name, "prefix": api_key.prefix}
    return named | {"created_at": events.instant(api_key.created_at), "expires_at": expires_at}


def project(row: Project) -> dict[str, Any]:
    return {"id": ids.public("proj", row.pk), "name": row.name}


def caps(of: dict[str, int | None]) -> dict[str, Any]:
    """``of`` has columns of amounts."""
    return {name: value for column, nanousd in of.items() for name, value in amount(column.removesuffix("_nanousd"), nanousd).items()}


def amount(name: str, nanousd: int | None) -> dict[str, Any]:
    return {f"{name}_usd": None if nanousd is None else money.as_text(nanousd), f"{name}_nanousd": nanousd}
