"""What a caller may do, frozen: the gateway asks for it once a second per key, not once a request.

A grant is advice for routing. The ledger reads the key again, under a lock, before it sets any money aside,
so a revoked key starts no call however old a process's grant is.
"""

import ipaddress
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

import msgspec
from django.conf import settings

from accounts.models import Organization
from clod_site.lib import ids
from projects.encryption import policy
from projects.encryption.policy import BodyPolicy
from projects.models import ApiKey, Project

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Rates(NamedTuple):
    """The most per minute; 0 is no limit."""

    requests: int = 0
    tokens: int = 0


class Limits(NamedTuple):
    """The buckets that a caller's calls are counted in, side by side: the name of each, whose it is, of what, and how much a minute."""

    names: tuple[str, ...]
    whose: tuple[str, ...]
    units: tuple[str, ...]
    per_minute: tuple[int, ...]

    def only(self, unit: str) -> "Limits":
        """Those of one unit."""
        kept = [each for each in zip(*self, strict=True) if each[2] == unit]
        return Limits(*zip(*kept, strict=True)) if kept else NO_LIMITS


NO_LIMITS = Limits((), (), (), ())


class Grant(msgspec.Struct, frozen=True, dict=True):
    """A key's permission. ``models`` holds the slugs it may call; None means all. ``networks`` it may come from; none means any."""

    organization_id: UUID
    project_id: UUID
    project_name: str
    api_key_id: UUID | None
    user_id: UUID | None
    models: frozenset[str] | None
    valid_until: datetime | None
    digest: bytes = b""
    pepper_id: str = ""
    networks: tuple[Network, ...] = ()
    key_rates: Rates = Rates()
    organization_rates: Rates = Rates()
    bodies: BodyPolicy = policy.OFF
    names: dict[str, str] = {}  # the ids above as customers see them, for the log

    def __repr__(self) -> str:
        return f"<Grant of {self.api_key_id or self.user_id} in {self.project_id}>"

    @cached_property
    def limits(self) -> Limits:
        """The rates it has; one of 0 is none."""
        caller = (f"key:{self.api_key_id}", "this API key") if self.api_key_id else (f"user:{self.user_id}", "this Studio user")
        owners = ((*caller, self.key_rates), (f"org:{self.organization_id}", "this organization", self.organization_rates))
        kept = [
            (f"{owner}:{unit}", whose, unit, per_minute)
            for owner, whose, rates in owners
            for unit, per_minute in zip(Rates._fields, rates, strict=True)
            if per_minute
        ]
        return Limits(*zip(*kept, strict=True)) if kept else NO_LIMITS

    @cached_property
    def token_limits(self) -> Limits:
        return self.limits.only("tokens")


def of_key(public_id: str) -> Grant | None:
    """The grant of a key that is neither revoked nor disabled, nor in an archived project or suspended organization."""
    api_key = (
        ApiKey.objects.filter(public_id=public_id, revoked_at=None, disabled_at=None)
        .filter(project__archived_at=None, project__organization__suspended_at=None)
        .select_related("project__organization")
        .first()
    )
    if api_key is None:
        return None
    return Grant(
        organization_id=api_key.project.organization_id,
        project_id=api_key.project_id,
        project_name=api_key.project.name,
        api_key_id=api_key.pk,
        user_id=None,
        models=_both(_slugs(api_key), _slugs(api_key.project)),
        valid_until=api_key.expires_at,
        digest=bytes(api_key.digest),
        pepper_id=api_key.pepper_id,
        networks=tuple(ipaddress.ip_network(network) for network in api_key.allowed_networks),
        key_rates=_rates(api_key, settings.CLOD_KEY_RATES),
        organization_rates=_rates(api_key.project.organization, settings.CLOD_ORGANIZATION_RATES),
        bodies=policy.of(api_key.project),
        names=_names(api_key.project, key=api_key.pk),
    )


def of_project(project: Project, user_id: UUID, valid_until: datetime) -> Grant:
    """The grant of a person working in a project through a short-lived token."""
    return Grant(
        organization_id=project.organization_id,
        project_id=project.pk,
        project_name=project.name,
        api_key_id=None,
        user_id=user_id,
        models=_slugs(project),
        valid_until=valid_until,
        key_rates=Rates(*settings.CLOD_KEY_RATES),
        organization_rates=_rates(project.organization, settings.CLOD_ORGANIZATION_RATES),
        bodies=policy.of(project),
        names=_names(project, user=user_id),
    )


def _names(project: Project, **others: UUID) -> dict[str, str]:
    whose = {"organization": ids.public("org", project.organization_id), "project": ids.public("proj", project.pk)}
    return whose | {kind: ids.public(kind, value) for kind, value in others.items()}


def _rates(owner: ApiKey | Organization, usual: tuple[int, int]) -> Rates:
    """The owner's own, where it has some."""
    requests, tokens = usual
    return Rates(owner.requests_per_minute or requests, owner.tokens_per_minute or tokens)


def _slugs(owner: ApiKey | Project) -> frozenset[str] | None:
    """The models chosen for a key or project; none chosen means no limit."""
    return frozenset(owner.allowed_models.values_list("slug", flat=True)) or None


def _both(first: frozenset[str] | None, second: frozenset[str] | None) -> frozenset[str] | None:
    if first is None or second is None:
        return first if second is None else second
    return first & second
