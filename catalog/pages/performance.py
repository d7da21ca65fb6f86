"""How well endpoints and models have answered lately, for pages.

The catalog does not know the log of requests; ``activity.performance`` measures, and registers itself here.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple


class Performance(NamedTuple):
    """Of one endpoint, or of a model over all its endpoints, in the last 24 hours. None is "not measured yet".

    ``uptime`` is answered ÷ (answered + failed) of ``attempts``; None where they are too few to say.
    """

    ttft_ms: int | None = None
    ttft_ms_p95: int | None = None
    tokens_per_s: int | None = None
    calls: int = 0
    uptime: float | None = None
    attempts: int = 0


NOT_MEASURED = Performance()
Measured = Mapping[int | str, Performance]  # by endpoint id and by model slug

_measure: Callable[[], Measured] = dict


def register(measure: Callable[[], Measured]) -> None:
    global _measure
    _measure = measure


def lately() -> Measured:
    return _measure()
