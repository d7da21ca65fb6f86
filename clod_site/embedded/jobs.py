"""The real Celery worker and beat, as threads of the web process: embedded mode needs no broker beside it."""

import logging
import os
import threading

from celery import beat
from celery.worker import state

from clod_site.celery import app

log = logging.getLogger("clod.jobs")

_POLL_S = 0.1
_TICK_S = 1
_END_S = 3


class InMemoryScheduler(beat.Scheduler):
    """Celery's own default keeps last run times in a shelve file; ours are counted from the start of the process."""

    def setup_schedule(self) -> None:
        self.merge_inplace(self.app.conf.beat_schedule)
        self.install_default_entries(self.schedule)


class Jobs:
    """Worker and beat, one thread each. A solo pool: jobs run one after the other, in the worker's thread."""

    def __init__(self) -> None:
        os.environ["CELERY_SKIP_CHECKS"] = "1"  # the site itself has been checked; it costs a second of start-up
        app.conf.broker_transport_options = {"polling_interval": _POLL_S}
        self._clock_service = beat.Service(app, max_interval=_TICK_S, scheduler_cls=InMemoryScheduler)
        self._worker = threading.Thread(target=_work, name="celery worker", daemon=True)
        self._clock = threading.Thread(target=self._clock_service.start, name="celery beat", daemon=True)

    def start(self) -> None:
        self._worker.start()
        self._clock.start()

    def stop(self) -> None:
        """Let a running job end, for a few seconds at most; an idle worker is a daemon thread and just goes."""
        state.should_stop = os.EX_OK  # type: ignore[assignment]
        self._clock_service.stop()
        if state.active_requests:
            self._worker.join(_END_S)


def _work() -> None:
    """The worker is made in its own thread: it closes the database connections of the thread it is made in."""
    worker = app.WorkController(
        pool="solo",
        concurrency=1,
        loglevel=logging.WARNING,
        hostname="embedded@localhost",
        without_heartbeat=True,
        without_mingle=True,
        without_gossip=True,
    )
    worker.start()
