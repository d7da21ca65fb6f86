"""The Celery application: a worker and beat in production, threads of the web process in embedded mode."""

import os
from typing import Any

import django
from celery import Celery, signals

from clod_site.lib import log_lines
from clod_site.schedule import BEAT

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clod_site.settings")

app = Celery("clod")
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = BEAT
app.autodiscover_tasks()
app.autodiscover_tasks(["clod_site"], related_name="job_log")


@signals.celeryd_init.connect
def _log_from_the_start(**_: Any) -> None:
    """A worker warns before it sets logging up (that it runs as root, say): that is a line of the log, too."""
    django.setup()
    log_lines.take_over()
