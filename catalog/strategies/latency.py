"""``@latency``: the shortest time to the first token, as measured lately."""

from collections.abc import Sequence

from catalog.strategies import Candidate, neutral

SHORTEST_MS = 1.0


def score(candidates: Sequence[Candidate]) -> list[float]:
    """Shortest time ÷ time; times below a millisecond count as one."""
    times = [None if candidate.ttft_ms is None else max(candidate.ttft_ms, SHORTEST_MS) for candidate in candidates]
    shortest = min((time for time in times if time is not None), default=SHORTEST_MS)
    return neutral([None if time is None else shortest / time for time in times])
