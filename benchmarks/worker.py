"""The product's Celery application, which says aloud when its worker has begun to take jobs."""

import sys
from typing import Any

from celery.signals import worker_ready

from clod_site.celery import app

__all__ = ["app"]


@worker_ready.connect
def _say_so(**_: Any) -> None:
    print("the worker takes jobs", file=sys.__stderr__, flush=True)
