"""``manage.py collect_assets``: static files, named by their content and compressed, into ``static`` in CLOD_VAR."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from clod_site.embedded import assets


class Command(BaseCommand):
    help = "As collectstatic, and compresses what is worth it. Does nothing when nothing has changed."
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{settings.STATIC_ROOT}: {'collected' if assets.collect() else 'unchanged'}.")
