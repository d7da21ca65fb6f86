from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class OfficeConfig(AppConfig):
    """The last of the installed apps: when it has been migrated, every permission there is has been made."""

    name = "office"

    def ready(self) -> None:
        from office import jobs

        post_migrate.connect(_make_roles, sender=self, dispatch_uid="staff roles")
        jobs.listen()


def _make_roles(**_: Any) -> None:
    from office import roles

    roles.ensure()
