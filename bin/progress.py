"""One line per step with its seconds; on a terminal the line moves while the step lasts, elsewhere it speaks now and then."""

import sys
import time
from types import TracebackType

NAME_WIDTH = 34
SILENCE_S = 15


class Progress:
    """``with Progress("Packages") as progress: progress.show("12 of 66")``; failing leaves the line as it is."""

    def __init__(self, name: str) -> None:
        self._name = f"  {name:<{NAME_WIDTH}}"
        self._began = self._spoke = time.monotonic()
        self._moves = sys.stdout.isatty()

    def __enter__(self) -> "Progress":
        if self._moves:
            self._write("")
        return self

    def show(self, remark: str) -> None:
        now = time.monotonic()
        if self._moves or now - self._spoke > SILENCE_S:
            self._spoke = now
            self._write(remark)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self._write("", end="\n")

    def _write(self, remark: str, end: str = "") -> None:
        line = f"{self._name}{time.monotonic() - self._began:5.1f} s  {remark:<30}".rstrip()
        sys.stdout.write(f"\r\033[K{line}{end}" if self._moves else f"{line}\n")
        sys.stdout.flush()
