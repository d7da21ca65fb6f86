"""The log of Celery's jobs: lines of a job carry its name and id, and each that has ended is told in one line.

Celery's own set-up of logging is left out: worker and beat write what the web processes write.
"""

from typing import Any

from celery import signals
from django.conf import settings

from clod_site.lib import clock, log_lines

_began: dict[str, float] = {}


@signals.setup_logging.connect
def _leave_logging_alone(**_: Any) -> None:
    log_lines.take_over()


@signals.task_prerun.connect
def _begins(task_id: str, task: Any, **_: Any) -> None:
    _began[task_id] = clock.monotonic()
    log_lines.begin(job=task.name, job_id=task_id)


@signals.task_postrun.connect
def _ended(task_id: str, state: str | None = None, **_: Any) -> None:
    took_s = clock.monotonic() - _began.pop(task_id, clock.monotonic())
    if settings.CLOD_ACCESS_LOG:
        log_lines.say("clod.jobs", "job", state=(state or "unknown").lower(), latency_ms=round(took_s * 1000, 1))
    log_lines.end()
