"""How well models have answered lately, from the log of all organizations: medians and shares, and nothing about any tenant.

**Speed**, of the newest ``REQUESTS`` answered requests of the last day. Only answers that were streamed tell a time to first
token; whole answers tell how many tokens a second came, their waiting included.

**Uptime**, of the newest ``ATTEMPTS`` attempts of the last day: answered ÷ (answered + failed). An attempt whose client left, or
whose request was itself refused, says nothing about the endpoint and does not count. An answer that broke off has failed. A
failover counts: the endpoint that failed has failed, though another one answered. Below ``FEWEST`` attempts it is None.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from statistics import median, quantiles
from typing import NamedTuple

from django.core.cache import cache
from django.db.models import Count

from activity.models import Request, Status
from billing.models import Attempt
from catalog.pages.performance import NOT_MEASURED, Measured, Performance
from clod_site.lib import clock, ids

SPAN, KEPT_S = timedelta(hours=24), 60
REQUESTS, ATTEMPTS = 10_000, 100_000
FEWEST = 20
# "running" is an attempt nobody saw the end of; the last one is asked again without the option that was ours.
SAYS_NOTHING = frozenset(
    {Status.CLIENT_CLOSED.value, Status.REJECTED.value, "cancelled", "refused", "running", "unread", "stream_options refused"}
)


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


class Tries(NamedTuple):
    answered: int
    failed: int

    @property
    def uptime(self) -> float | None:
        attempts = self.answered + self.failed
        return self.answered / attempts if attempts >= FEWEST else None


def lately() -> Measured:
    """By endpoint id and by model slug. Two queries a minute."""
    return cache.get_or_set("activity:performance", lambda: _measured(_speeds(_calls()), _tries()), KEPT_S) or {}


def _measured(speeds: Mapping[int | str, Performance], tries: Mapping[int | str, Tries]) -> Measured:
    none = Tries(0, 0)
    return {
        key: speeds.get(key, NOT_MEASURED)._replace(uptime=tries.get(key, none).uptime, attempts=sum(tries.get(key, none)))
        for key in speeds.keys() | tries.keys()
    }


# --- speed ---------------------------------------------------------------------------------------


def _calls() -> list[Call]:
    recent = Request.objects.filter(id__gte=ids.first_at(clock.now() - SPAN), status=Status.OK, price_tick__isnull=False)
    fields = ("model", "price_tick__endpoint_id", "is_stream", "ttft_ms", "latency_ms", "completion_tokens")
    return [Call(*row) for row in recent.order_by("-id").values_list(*fields)[:REQUESTS]]


def _speeds(calls: Iterable[Call]) -> dict[int | str, Performance]:
    groups: dict[int | str, list[Call]] = defaultdict(list)
    for call in calls:
        groups[call.endpoint].append(call)
        groups[call.model].append(call)
    return {key: _speed(group) for key, group in groups.items()}


def _speed(calls: list[Call]) -> Performance:
    times = [call.ttft_ms for call in calls if call.is_stream and call.ttft_ms is not None]
    rates = [rate for call in calls if (rate := call.tokens_per_s) is not None]
    return Performance(
        round(median(times)) if times else None,
        round(quantiles(times, n=20)[-1]) if len(times) >= FEWEST else None,
        round(median(rates)) if rates else None,
        len(calls),
    )


# --- uptime --------------------------------------------------------------------------------------


def _tries() -> dict[int | str, Tries]:
    answered, failed = Counter[int | str](), Counter[int | str]()
    for endpoint, model, outcome, count in _outcomes():
        if outcome not in SAYS_NOTHING:
            counter = answered if outcome == Status.OK else failed
            counter[endpoint] += count
            counter[model] += count
    return {key: Tries(answered[key], failed[key]) for key in answered.keys() | failed.keys()}


def _outcomes() -> Iterable[tuple[int, str, str, int]]:
    recent = Attempt.objects.filter(request_id__gte=ids.first_at(clock.now() - SPAN)).order_by("-request_id")
    counted = Attempt.objects.filter(pk__in=recent.values("pk")[:ATTEMPTS]).values_list("endpoint_id", "endpoint__model__slug", "outcome")
    return counted.annotate(Count("pk"))
