"""What each role may do, for people to read; ``accounts.access`` is what pages obey."""

from collections.abc import Collection
from typing import NamedTuple

from accounts.access import MANAGERS, WRITERS
from accounts.models import Role


class Ability(NamedTuple):
    name: str
    roles: Collection[str]

    @property
    def cells(self) -> list[bool]:
        """One for each role, in the order of ``Role``."""
        return [role in self.roles for role in Role]


ABILITIES = (
    Ability("See projects, keys, activity, billing and members", frozenset(Role)),
    Ability("Use Studio; generate, restrict, rotate and revoke API keys", WRITERS),
    Ability("Create, rename and archive projects; set their models, caps and alerts", MANAGERS),
    Ability("Top up the wallet, and set automatic top-ups", MANAGERS),
    Ability("Change the organization's name, time zone and free-request fallback", MANAGERS),
    Ability("Add and change webhooks, and read what they were sent", MANAGERS),
    Ability("Invite and remove members, change their roles, read the audit log", MANAGERS),
    Ability("Pass the organization on; change or remove another owner", frozenset({Role.OWNER})),
)
ABOUT: dict[str, str] = {
    Role.OWNER: "Everything, and passes the organization on.",
    Role.ADMIN: "Everything but passing the organization on: projects, caps, payments, members, settings.",
    Role.DEVELOPER: "Uses Studio, and generates and revokes API keys.",
    Role.VIEWER: "Sees everything, changes nothing.",
}
GIVEN = (Role.ADMIN, Role.DEVELOPER, Role.VIEWER)  # owners are made by passing the organization on
CHOICES = [(role.value, f"{role.label}: {ABOUT[role][0].lower()}{ABOUT[role][1:]}") for role in GIVEN]
