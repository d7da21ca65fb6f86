"""``manage.py rotate_encryption``: every secret at rest, encrypted anew with the newest key. Exit 1 when one could not be read."""

from typing import Any

from django.core.management.base import BaseCommand

from office import rotation


class Command(BaseCommand):
    help = "Encrypts saved API keys and second factors anew with the first of CLOD_ENCRYPTION_KEYS. Safe to run again, while the site runs."

    def handle(self, *_: Any, **__: Any) -> None:
        unreadable: list[str] = []
        for kind, tally in rotation.run():
            self.stdout.write(f"{kind:<32} {tally.renewed} encrypted anew, {tally.current} were already")
            unreadable += tally.unreadable
        if unreadable:
            self.stderr.write(
                "No key in CLOD_ENCRYPTION_KEYS opens these. Put the former key back behind the new one, or enter them again:"
            )
            self.stderr.write("\n".join(f"  {name}" for name in unreadable))
            raise SystemExit(1)
        self.stdout.write("Everything is encrypted with the newest key: the others can go.")
