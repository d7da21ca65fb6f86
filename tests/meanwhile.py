"""What others do at the same moment: a change that is made, and committed a little later."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

A_LITTLE_S = 0.4


@contextmanager
def uncommitted(change: Callable[[], object]) -> Iterator[None]:
    """The block runs while the change waits for its commit; it is committed when the block has ended."""
    made = threading.Event()

    def make() -> None:
        with transaction.atomic():
            change()
            made.set()
            threading.Event().wait(A_LITTLE_S)
        connection.close()

    thread = threading.Thread(target=make)
    thread.start()
    assert made.wait(5)
    try:
        yield
    finally:
        thread.join()
