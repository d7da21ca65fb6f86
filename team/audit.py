"""Writing the audit log: ``audit.record(request, "key.revoke", api_key)``. Nothing that is written may hold a secret.

An event is written after the change it tells of, or with it where the caller has a transaction open.
"""

import ipaddress
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts.models import Membership, Organization, User
from clod_site.lib import ids, money
from team.deeds import DEEDS
from team.models import AuditEvent

PREFIXES = {
    "project": "proj",
    "apikey": "key",
    "recipient": "rec",
    "topup": "top",
    "ledgerentry": "entry",
    "webhook": "wh",
    "delivery": "dlv",
    "membership": "mem",
    "invitation": "inv",
    "user": "user",
    "organization": "org",
}
MOST_CHARACTERS = 254
MOST_NAMED = 20
Changes = dict[str, tuple[str, str]]


def record(
    request: HttpRequest,
    deed: str,
    target: Model | str = "",
    *,
    named: str = "",
    organization: Organization | None = None,
    changes: Mapping[str, tuple[str, str]] | None = None,
) -> None:
    """One event of the visitor's organization, or of the given one. ``target`` is a row (called what it calls itself, or ``named``) or
    a name; ``changes`` are of ``changed``: when they are given and there are none, somebody saved a form as it was, and nothing is written.
    """
    if changes is not None and not changes:
        return
    of = organization or request.membership.organization  # type: ignore[attr-defined]
    actor = request.user if isinstance(request.user, User) else None
    _event(request, actor, deed, _target(target, named), of, changes or {}).save(force_insert=True)


def about(organization: Organization, target: Model) -> QuerySet[AuditEvent]:
    """What has been recorded of this row."""
    return AuditEvent.objects.filter(organization=organization, target_id=_target(target)["target_id"])


def record_everywhere(request: HttpRequest, user: User, deed: str, target: str = "") -> None:
    """Something about a person and not about one organization: an event in each one they are a member of."""
    memberships = Membership.objects.filter(user=user).select_related("organization")
    AuditEvent.objects.bulk_create(_event(request, user, deed, _target(target), membership.organization, {}) for membership in memberships)


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """What differs, by name, as text before and after. Names of ``after`` decide; lists of rows are told by their names."""
    told = {name: (_text(name, before.get(name)), _text(name, value)) for name, value in after.items()}
    return {_label(name): values for name, values in told.items() if values[0] != values[1]}


def _event(
    request: HttpRequest,
    actor: User | None,
    deed: str,
    target: Mapping[str, str],
    organization: Organization,
    changes: Mapping[str, tuple[str, str]],
) -> AuditEvent:
    assert deed in DEEDS, deed
    return AuditEvent(
        organization=organization,
        actor_id=actor.pk if actor else None,
        actor_email=actor.email if actor else "",
        deed=deed,
        details={name: list(values) for name, values in changes.items()},
        address=_address(request),
        agent=request.META.get("HTTP_USER_AGENT", "")[:200].replace("\0", ""),
        **target,
    )


def _target(target: Model | str, named: str = "") -> dict[str, str]:
    if isinstance(target, str):
        return {"target_name": target[:MOST_CHARACTERS]}
    kind = target._meta.model_name or ""
    public_id = ids.public(PREFIXES[kind], target.pk)
    return {"target_kind": kind, "target_id": public_id, "target_name": (named or str(target))[:MOST_CHARACTERS]}


def _address(request: HttpRequest) -> str | None:
    """The client as the server sees it; behind trusted proxies that is whom they name."""
    try:
        return str(ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return None


def _label(name: str) -> str:
    return name.removesuffix("_nanousd").replace("_", " ")


def _text(name: str, value: Any) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if name.endswith("_nanousd"):
        return f"${money.as_text(value)}"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if isinstance(value, QuerySet | list | tuple | set | frozenset):
        return _listed(sorted(map(str, value)))
    return str(value)[:MOST_CHARACTERS]


def _listed(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "") or "none"
