"""What the log says of jobs: one line each, and the job's name and id on every line that is written while it runs."""

import json
import logging
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.test import override_settings

from clod_site.celery import app
from clod_site.lib import log_lines

ROOT = Path(__file__).resolve().parents[2]


@app.task(name="tests.works")
def works() -> None:
    logging.getLogger("tests.jobs").warning("working")


@app.task(name="tests.fails")
def fails() -> None:
    key = "clod_sk_canary0123456789abcdef"
    raise ValueError(f"the market changed its table; {key}")


@pytest.fixture(autouse=True)
def listening() -> None:
    app.loader.import_default_modules()


@override_settings(CLOD_ACCESS_LOG=True)
def test_a_job_is_told_once_and_named_on_its_lines(production_log: StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    result = works.apply()
    told = json.loads(capsys.readouterr().err)
    assert (told["event"], told["state"], told["job"], told["job_id"]) == ("job", "success", "tests.works", result.id)
    said = json.loads(production_log.getvalue().splitlines()[0])
    assert (said["event"], said["job"], said["job_id"]) == ("working", "tests.works", result.id)
    assert log_lines._known() == {}


@override_settings(CLOD_ACCESS_LOG=True)
def test_a_job_that_fails_says_why_and_shows_no_key(production_log: StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    fails.apply()
    assert json.loads(capsys.readouterr().err)["state"] == "failure"
    written = production_log.getvalue()
    assert "the market changed its table" in written
    assert "canary" not in written
    failed = next(line for line in map(json.loads, written.splitlines()) if "exception" in line)
    assert failed["job"] == "tests.fails"
    assert "in fails" in failed["exception"]


def test_worker_and_beat_leave_logging_as_it_is_set_up() -> None:
    """Celery would replace the handlers of the root logger, were its signal not heard."""
    program = (
        "import os; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'clod_site.settings');"
        "from clod_site.celery import app; app.loader.import_default_modules();"
        "app.log.setup(loglevel='WARNING'); import logging;"
        "print([type(handler.formatter).__name__ for handler in logging.getLogger().handlers])"
    )
    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert said.stdout == "['PlainLine']\n", said.stderr


def test_what_a_worker_warns_of_before_logging_is_set_up_is_a_line_of_json(tmp_path: Path) -> None:
    """That it runs as root, for one: several lines on standard error, of which no collector makes anything."""
    program = (
        "import warnings; from celery import signals; import clod_site.celery; signals.celeryd_init.send(sender=None);"
        "warnings.warn('You are running the worker\\nas root', RuntimeWarning)"
    )
    environment = {"PATH": os.environ["PATH"], "CLOD_VAR": str(tmp_path), "CLOD_LOG_FORMAT": "json"}
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    assert "as root" in lines[-1]["event"]
