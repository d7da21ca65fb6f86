"""``manage.py key_peppers``: which API keys still need which of CLOD_KEY_PEPPERS. Exit 1 while one needs another than the newest."""

from collections import defaultdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db.models import Q

from clod_site.lib import clock, crypto
from projects.models import ApiKey


class Command(BaseCommand):
    help = "Counts the API keys that can still be used by the pepper they were made with, and names those a former one is needed for."

    def handle(self, *_: Any, **__: Any) -> None:
        keys = by_pepper()
        configured = [crypto.pepper_id(pepper) for pepper in settings.CLOD_KEY_PEPPERS]
        for number, pepper in enumerate(configured):
            self._tell("former" if number else "newest", pepper, keys.get(pepper, []), named=number > 0)
        for pepper in keys.keys() - set(configured):
            self._tell("not configured, so these do not work", pepper, keys[pepper], named=True)
        needed = sum(len(made) for pepper, made in keys.items() if pepper != configured[0])
        if needed:
            self.stdout.write(f"{needed} need another pepper than the newest. Ask their owners to rotate them, or revoke them.")
            raise SystemExit(1)
        self.stdout.write("No key needs a former pepper: take them out.")

    def _tell(self, what: str, pepper: str, keys: list[ApiKey], *, named: bool) -> None:
        self.stdout.write(f"{pepper}  {what}: {len(keys)} key{'s' * (len(keys) != 1)}")
        for key in keys if named else ():
            used = f"last used {key.last_used_at:%Y-%m-%d}" if key.last_used_at else "never used"
            self.stdout.write(f"    {key.prefix}  {key.project.organization.name} › {key.project.name} › {key.name}, {used}")


def by_pepper() -> dict[str, list[ApiKey]]:
    """Those that are neither revoked nor expired; a disabled one may be enabled again."""
    usable = ApiKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=clock.now()), revoked_at=None)
    found = defaultdict(list)
    for key in usable.select_related("project__organization").order_by("project__organization__name", "created_at"):
        found[key.pepper_id].append(key)
    return dict(found)
