"""What the person at the terminal reads: one line per step with its seconds, and plain sentences."""

import contextlib
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from clod_site.lib import clock

_NAME_WIDTH = 34


class CannotStart(SystemExit):
    """One sentence instead of a traceback: what is in the way and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(f"CLōD cannot start: {message}")


def set_up() -> None:
    """A terminal that cannot show ``ō`` shows a question mark instead of ending the launcher."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace", line_buffering=True)


def say(text: str, end: str = "\n") -> None:
    """Write to the terminal. It may be closed by now (SIGHUP): that must not keep us from stopping."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(text + end)
        sys.stdout.flush()


@contextmanager
def step(name: str) -> Iterator[Callable[[str], None]]:
    """A named step: its name when it begins, a remark (given by calling what is yielded) and its seconds when it ends."""
    began, remarks = clock.monotonic(), list[str]()
    say(f"  {name:<{_NAME_WIDTH}}", end="")
    try:
        yield remarks.append
    except BaseException:
        say("")
        raise
    say(f"{clock.monotonic() - began:5.1f} s  {', '.join(remarks)}".rstrip())
