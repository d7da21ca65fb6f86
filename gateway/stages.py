"""Where a call's time goes, stage by stage, for developers: the ``Server-Timing`` header of an answer, which browsers' tools draw.

Off in production unless ``CLOD_SERVER_TIMING=1``; then a stage costs a comparison with None. docs/life-of-a-request.md tells the stages.
"""

from time import perf_counter

from clod_site.lib.at_hand import settings


class Stages:
    """Milliseconds of each stage, in the order they ended. Waiting counts: for the ledger's commit, for the upstream."""

    def __init__(self, began: float) -> None:
        self._last = began
        self.took_ms: dict[str, float] = {}

    def ends(self, name: str) -> None:
        """What was done since the stage before it is this one's."""
        now = perf_counter()
        self.took_ms[name] = self.took_ms.get(name, 0.0) + (now - self._last) * 1000
        self._last = now

    def header(self) -> str:
        return ", ".join(f"{name};dur={took_ms:.3f}" for name, took_ms in self.took_ms.items())


def watched() -> Stages | None:
    """For a call that begins now; None where nobody wants to know."""
    return Stages(perf_counter()) if settings.CLOD_SERVER_TIMING else None
