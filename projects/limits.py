"""How fast a key and its organization may call: requests and tokens per minute.

    limits.admit    before anything is held: all four rates have room for the call, or it is refused and counts nowhere
    limits.correct  afterwards: the tokens it really used instead of those it was expected to use

Counted in Redis where there is one, by all processes together; without it, or while it is away, by each process alone.
"""

import asyncio
import math
from functools import lru_cache
from uuid import UUID

import msgspec

from clod_site.lib.at_hand import settings
from clod_site.lib.refusal import Refusal
from projects.buckets import FULL_S, Buckets, Draw, Verdict
from projects.grants import Grant, Rates
from projects.shared_buckets import Away, SharedBuckets

UNITS = ("requests", "tokens")
PLENTY, LATELY_S = 1 / 8, 1.0  # of a bucket, and known for so long: then nobody waits for Redis
ADVICE = {
    "this API key": "its own limit can be changed under API Keys",
    "this Studio user": "API keys have limits of their own",
    "this organization": "support can raise it",
}


class Level(msgspec.Struct, frozen=True):
    """Where a rate stands: its limit per minute, what may still be used at once, and when all of it may be used again."""

    limit: int
    remaining: int
    resets_in_s: float


class Standing(msgspec.Struct, frozen=True):
    """The level of each unit, of the key or the organization, whichever has less left; None where nothing limits."""

    requests: Level | None = None
    tokens: Level | None = None
    refusal: "RateLimited | None" = None


class RateLimited(Refusal):
    status, type, code = 429, "rate_limit_error", "rate_limit_exceeded"

    def __init__(self, whose: str, unit: str, limit: int, wait_s: float) -> None:
        seconds = max(math.ceil(wait_s), 1)
        super().__init__(
            f"The limit of {limit:,} {unit} per minute of {whose} is reached. Try again in {seconds} s; {ADVICE[whose]}.",
            retry_after_s=seconds,
            extra={"limit_per_minute": limit, "limit_of": whose, "limit_unit": unit},
        )


class _Rate(msgspec.Struct, frozen=True):
    name: str
    whose: str
    unit: str
    per_minute: int


async def admit(grant: Grant, tokens: int = 0) -> Standing:
    """Count one request and the tokens it is expected to use. When ``refusal`` is set it was not counted, and must not go on."""
    rates = _rates_of(grant)
    if not rates:
        return Standing()
    draw = _draw_of(rates, [1 if rate.unit == "requests" else _expected(rate, tokens) for rate in rates])
    return _standing(rates, await _draw(draw))


def correct(grant: Grant, expected: int, used: int) -> None:
    """Count the tokens a call used instead of those it was admitted with. Returns at once."""
    rates = [rate for rate in _rates_of(grant) if rate.unit == "tokens"]
    draw = _draw_of(rates, [used - _expected(rate, expected) for rate in rates], forced=True)
    if any(draw.amounts):
        _count(draw)


def forget() -> None:
    """Start with empty buckets in this process; those in Redis stay."""
    _local.forget()


_local = Buckets()
_shared: tuple[asyncio.AbstractEventLoop, SharedBuckets] | None = None


async def _draw(draw: Draw) -> Verdict:
    """Where all buckets were nearly empty a moment ago, what is drawn is counted here at once and in Redis with the next trip."""
    if not settings.REDIS_URL:
        return _local.draw(draw)
    if _local.has_plenty(draw, PLENTY, LATELY_S):
        return _count(draw)
    try:
        verdict = await _shared_buckets().draw(draw)
    except Away:
        return _local.draw(draw)
    _local.learn(draw, verdict)
    return verdict


def _count(draw: Draw) -> Verdict:
    """Here at once, and in Redis a little later."""
    if settings.REDIS_URL:
        _shared_buckets().draw_later(draw)
    return _local.draw(draw)


def _shared_buckets() -> SharedBuckets:
    """One per event loop; a process has one, a test run many, one after the other."""
    global _shared
    loop = asyncio.get_running_loop()
    if _shared is None or _shared[0] is not loop:
        _shared = loop, SharedBuckets(settings.REDIS_URL, _local.learn)
    return _shared[1]


async def warm() -> None:
    """Connect to Redis, if there is one; a second at most."""
    if settings.REDIS_URL:
        await _shared_buckets().is_well()


async def close() -> None:
    """Let go of Redis. The next call connects again."""
    global _shared
    if _shared is not None and _shared[0] is asyncio.get_running_loop():
        _, buckets = _shared
        _shared = None
        await buckets.close()


def _rates_of(grant: Grant) -> list[_Rate]:
    """The rates a grant has; a limit of 0 is none."""
    return _rates(grant.api_key_id, grant.user_id, grant.key_rates, grant.organization_id, grant.organization_rates)


@lru_cache(maxsize=10_000)
def _rates(key_id: UUID | None, user_id: UUID | None, key_rates: Rates, organization_id: UUID, organization_rates: Rates) -> list[_Rate]:
    caller, whose = (f"key:{key_id}", "this API key") if key_id else (f"user:{user_id}", "this Studio user")
    owners = ((caller, whose, key_rates), (f"org:{organization_id}", "this organization", organization_rates))
    return [
        _Rate(f"{owner}:{unit}", whose, unit, per_minute)
        for owner, whose, rates in owners
        for unit, per_minute in zip(UNITS, rates, strict=True)
        if per_minute
    ]


def _draw_of(rates: list[_Rate], amounts: list[int], *, forced: bool = False) -> Draw:
    return Draw(tuple(rate.name for rate in rates), tuple(rate.per_minute for rate in rates), tuple(amounts), forced)


def _expected(rate: _Rate, tokens: int) -> int:
    """More tokens than a minute has are a whole minute's, or the call could never start."""
    return min(tokens, rate.per_minute)


def _standing(rates: list[_Rate], verdict: Verdict) -> Standing:
    levels = [(rate.unit, _level(rate.per_minute, fill_s)) for rate, fill_s in zip(rates, verdict.fills_s, strict=True)]
    least = {unit: min((level for of, level in levels if of == unit), key=lambda level: level.remaining, default=None) for unit in UNITS}
    refusal = None
    if verdict.refused_by is not None:
        rate = rates[verdict.refused_by]
        refusal = RateLimited(rate.whose, rate.unit, rate.per_minute, verdict.wait_s)
    return Standing(**least, refusal=refusal)


def _level(limit: int, fill_s: float) -> Level:
    left_s = max(FULL_S - fill_s, 0.0)
    return Level(limit, int(left_s * limit / FULL_S + 1e-3), fill_s)
