"""``make bench-guard``: has a call become dearer? The ratios of a run beside the last accepted ones.

Ratios to nginx and to nothing in between, measured in the same run, are about the same on a fast machine and on a slow one; half as much
again is not noise. ``--accept`` makes the run's ratios the accepted ones, after a look at why they moved.
"""

import json
import statistics
import time
from pathlib import Path

ACCEPTED = Path(__file__).parent / "accepted.json"
TOLERANCE = 1.5
Figures = dict[str, float]
RATIOS = {  # name: figure, of whom it is a multiple, whether more is worse
    "CPU of a call": ("cpu", "nginx", True),
    "CPU of a stream": ("stream_cpu", "nginx", True),
    "CPU of a paced chunk": ("chunk_cpu", "nginx", True),
    "alone, p50": ("p50", "nginx", True),
    "first byte of a stream": ("first", "nginx", True),
    "requests a second": ("rps", "direct", False),
    "streams a second": ("streams", "direct", False),
}


def ratios(found: dict[str, list[Figures]]) -> dict[str, dict[str, float]]:
    """Of each gateway, by name: how many times nginx' or the direct way's median its own is."""

    def median(name: str, figure: str) -> float:
        return statistics.median(run[figure] for run in found[name])

    gateways = [name for name in found if name not in {"nginx", "direct"}]
    return {
        gateway: {
            ratio: round(median(gateway, figure) / median(other, figure), 4)
            for ratio, (figure, other, _) in RATIOS.items()
            if other in found and median(other, figure)
        }
        for gateway in gateways
    }


def accept(found: dict[str, list[Figures]], described: str) -> None:
    ACCEPTED.write_text(json.dumps({"machine": described, "at": time.strftime("%Y-%m-%d"), "ratios": ratios(found)}, indent=1) + "\n")


def worse(found: dict[str, list[Figures]]) -> list[str]:
    """A line for each ratio that is worse than accepted by more than the tolerance."""
    accepted = json.loads(ACCEPTED.read_text())
    return [
        f"{gateway}: {ratio} is {now:g} × {RATIOS[ratio][1]}, accepted were {before:g} on {accepted['at']}"
        for gateway, measured in ratios(found).items()
        for ratio, now in measured.items()
        if (before := accepted["ratios"].get(gateway, {}).get(ratio)) and (now / before if RATIOS[ratio][2] else before / now) > TOLERANCE
    ]
