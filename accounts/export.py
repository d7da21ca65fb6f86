"""What we hold about somebody, and about the organizations they own, as a zip of JSON files, made while it is sent.

Apps above add what they hold of an organization: a receiver of ``organization_exported`` answers ``{file name: rows}``.
"""

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.dispatch import Signal

from accounts import leaving
from accounts.models import FreeQuota, Membership, Organization, User
from clod_site.lib import clock

organization_exported = Signal()  # sender=Organization, organization=…
Rows = Iterable[Mapping[str, Any]]
ROWS_AT_ONCE = 500


def zipped(user: User) -> Iterator[bytes]:
    """The zip, piece by piece; neither it nor any table is in memory as a whole."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, pieces in _files(user):
            with archive.open(name, "w", force_zip64=True) as file:
                for piece in pieces:
                    file.write(piece.encode())
                    yield from pipe.taken()
    yield from pipe.taken()


def _files(user: User) -> Iterator[tuple[str, Iterable[str]]]:
    yield "account.json", [_text(account(user))]
    for number, organization in enumerate(leaving.owned(user), start=1):
        folder = f"organization-{number}"
        yield f"{folder}/organization.json", [_text(_organization(organization))]
        for name, rows in _tables(organization):
            yield f"{folder}/{name}.json", _array(rows)


def _tables(organization: Organization) -> Iterator[tuple[str, Rows]]:
    for _, tables in organization_exported.send(sender=Organization, organization=organization):
        yield from cast("dict[str, Rows]", tables).items()


def account(user: User) -> dict[str, Any]:
    """Everything about the person. Secrets (passwords, keys of authenticators) are not told, only that they are there."""
    quota = FreeQuota.objects.select_related("organization").filter(user=user).first()
    return {
        "exported_at": clock.now(),
        "id": user.pk,
        "email": user.email,
        "name": user.name,
        "created_at": user.created_at,
        "last_login": user.last_login,
        "has_password": user.has_usable_password(),
        "addresses": list(EmailAddress.objects.filter(user=user).values("email", "verified", "primary")),
        "memberships": [_membership(row) for row in Membership.objects.select_related("organization").filter(user=user)],
        "free_requests_used_in": quota.organization.name if quota and quota.organization else None,
        "authenticators": [_authenticator(row) for row in Authenticator.objects.filter(user=user)],
        "connected_accounts": list(SocialAccount.objects.filter(user=user).values("provider", "uid", "date_joined", "extra_data")),
        "devices": list(UserSession.objects.filter(user=user).values("ip", "user_agent", "created_at", "last_seen_at")),
    }


def _organization(organization: Organization) -> dict[str, Any]:
    members = organization.memberships.select_related("user").order_by("created_at")
    return {
        "id": organization.pk,
        "name": organization.name,
        "time_zone": organization.zone_now,
        "pays_after_free_quota": organization.pays_after_free_quota,
        "created_at": organization.created_at,
        "members": [{"email": row.user.email, "name": row.user.name, "role": row.role, "since": row.created_at} for row in members],
    }


def _membership(row: Membership) -> dict[str, Any]:
    return {"organization": row.organization.name, "role": row.role, "since": row.created_at}


def _authenticator(row: Any) -> dict[str, Any]:
    return {"kind": row.type, "name": row.data.get("name", ""), "created_at": row.created_at, "last_used_at": row.last_used_at}


def _array(rows: Rows) -> Iterator[str]:
    between = "["
    for row in rows:
        yield f"{between}\n{_text(row)}"
        between = ","
    yield "]" if between == "," else "[]"


def _text(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False, indent=1)


class _Pipe(io.RawIOBase):
    """What zipfile writes to: it keeps what was written until it is taken."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def taken(self) -> Iterator[bytes]:
        pieces, self._pieces = self._pieces, []
        return iter([b"".join(pieces)] if pieces else [])
