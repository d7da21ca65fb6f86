"""The Celery application: a worker and beat in production, threads of the web process in embedded mode."""

import os

from celery import Celery

from clod_site.schedule import BEAT

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clod_site.settings")

app = Celery("clod")
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = BEAT
app.autodiscover_tasks()
