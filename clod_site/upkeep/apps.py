import logging

from django.apps import AppConfig

from clod_site import start_checks

log = logging.getLogger("clod.start")


class UpkeepConfig(AppConfig):
    name = "clod_site.upkeep"
    label = "upkeep"

    def ready(self) -> None:
        for sentence in start_checks.unknown():
            log.warning(sentence)
