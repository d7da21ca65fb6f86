"""Celery's worker and beat as threads of one process: they run what the beat table says, keep no file, and stop."""

import subprocess
import sys
from pathlib import Path

import pytest

from clod_site.celery import app
from clod_site.embedded.jobs import InMemoryScheduler
from clod_site.schedule import BEAT

PROGRAM = """
import threading
from celery import shared_task
import django
django.setup()
from clod_site.celery import app
from clod_site.embedded.jobs import Jobs

ran = threading.Event()

@shared_task(name="test.job")
def job():
    ran.set()

app.conf.beat_schedule = {"often": {"task": "test.job", "schedule": 0.2}}
jobs = Jobs()
jobs.start()
assert ran.wait(30), "beat did not start the job, or the worker did not run it"
jobs.stop()
print("ran")
"""


def test_the_scheduler_holds_the_whole_beat_table() -> None:
    scheduler = InMemoryScheduler(app, lazy=False)
    assert set(BEAT) <= set(scheduler.schedule)
    app.loader.import_default_modules()
    assert {entry["task"] for entry in BEAT.values()} <= set(app.tasks)


@pytest.mark.site
def test_beat_starts_a_job_and_the_worker_runs_it_in_one_process(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    env = {"CLOD_VAR": str(tmp_path / "var"), "DJANGO_SETTINGS_MODULE": "clod_site.settings", "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "ran\n", done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"var"}
