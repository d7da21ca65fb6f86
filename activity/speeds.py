"""How fast models have answered lately, from the log of all organizations: medians, and nothing about any tenant.

Only answers that were streamed tell a time to first token; whole answers tell how many tokens a second came, their
waiting included. Measured over the newest ``SAMPLE`` requests of the last day, at most once a minute.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from statistics import median
from typing import NamedTuple

from django.core.cache import cache

from activity.filters import first_id
from activity.models import Request, Status
from clod_site.lib import clock

SPAN, SAMPLE, KEPT_S = timedelta(hours=24), 10_000, 60


class Speed(NamedTuple):
    """Medians; None is "not measured yet"."""

    ttft_ms: int | None = None
    tokens_per_s: int | None = None
    calls: int = 0


class Call(NamedTuple):
    model: str
    endpoint: int
    is_stream: bool
    ttft_ms: int | None
    latency_ms: int
    tokens: int

    @property
    def tokens_per_s(self) -> float | None:
        """None for answers too short to tell."""
        before = self.ttft_ms or 0 if self.is_stream else 0
        tokens = self.tokens - 1 if self.is_stream else self.tokens
        return tokens * 1000 / (self.latency_ms - before) if tokens > 0 and self.latency_ms > before else None


NOT_MEASURED = Speed()
Speeds = dict[int | str, Speed]


def lately() -> Speeds:
    """By endpoint id and by model slug."""
    return cache.get_or_set("activity:speeds", lambda: _measure(_calls()), KEPT_S) or {}


def _calls() -> list[Call]:
    recent = Request.objects.filter(id__gte=first_id(clock.now() - SPAN), status=Status.OK, price_tick__isnull=False)
    fields = ("model", "price_tick__endpoint_id", "is_stream", "ttft_ms", "latency_ms", "completion_tokens")
    return [Call(*row) for row in recent.order_by("-id").values_list(*fields)[:SAMPLE]]


def _measure(calls: Iterable[Call]) -> Speeds:
    groups: dict[int | str, list[Call]] = defaultdict(list)
    for call in calls:
        groups[call.endpoint].append(call)
        groups[call.model].append(call)
    return {key: _speed(group) for key, group in groups.items()}


def _speed(calls: list[Call]) -> Speed:
    times = [call.ttft_ms for call in calls if call.is_stream and call.ttft_ms is not None]
    rates = [rate for call in calls if (rate := call.tokens_per_s) is not None]
    return Speed(round(median(times)) if times else None, round(median(rates)) if rates else None, len(calls))
