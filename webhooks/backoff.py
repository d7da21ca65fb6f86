"""When a failed delivery is tried again. Pure."""

import random
from datetime import datetime, timedelta

WAITS_S = (5, 60, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600)
JITTER = 0.1  # of a wait, longer or shorter: what failed together does not come back together
LEAST_REST, MOST_REST = timedelta(seconds=5), timedelta(minutes=1)


def next_try(tries: int, now: datetime) -> datetime | None:
    """After so many failed tries; None when it has been tried often enough."""
    if tries > len(WAITS_S):
        return None
    wait_s = WAITS_S[tries - 1]
    return now + timedelta(seconds=wait_s * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311


def rest(failing_since: datetime, now: datetime) -> datetime:
    """Until when a failing webhook is left alone: as long as it has been failing, from five seconds to a minute."""
    return now + min(max(now - failing_since, LEAST_REST), MOST_REST)
