"""How fast a key and its organization may call: requests and tokens per minute.

    limits.admit    before anything is held: all four rates have room for the call, or it is refused and counts nowhere
    limits.correct  afterwards: the tokens it really used instead of those it was expected to use

Counted in Redis where there is one, by all processes together; without it, or while it is away, by each process alone.
"""

import math

import msgspec

from clod_site.lib import loops
from clod_site.lib.at_hand import settings
from clod_site.lib.refusal import Refusal
from projects.buckets import FULL_S, Buckets, Draw, Verdict
from projects.grants import Grant, Limits
from projects.shared_buckets import Away, SharedBuckets

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


NO_LIMITS = Standing()


class RateLimited(Refusal):
    status, type, code = 429, "rate_limit_error", "rate_limit_exceeded"

    def __init__(self, whose: str, unit: str, limit: int, wait_s: float) -> None:
        seconds = max(math.ceil(wait_s), 1)
        super().__init__(
            f"The limit of {limit:,} {unit} per minute of {whose} is reached. Try again in {seconds} s; {ADVICE[whose]}.",
            retry_after_s=seconds,
            extra={"limit_per_minute": limit, "limit_of": whose, "limit_unit": unit},
        )


async def admit(grant: Grant, tokens: int = 0) -> Standing:
    """Count one request and the tokens it is expected to use. When ``refusal`` is set it was not counted, and must not go on."""
    limits = grant.limits
    if not limits.names:
        return NO_LIMITS
    amounts = [1 if unit == "requests" else _expected(tokens, most) for unit, most in zip(limits.units, limits.per_minute, strict=True)]
    draw = Draw(limits.names, limits.per_minute, tuple(amounts))
    return _standing(limits, _drawn_at_once(draw) or await _draw_together(draw))


def correct(grant: Grant, expected: int, used: int) -> None:
    """Count the tokens a call used instead of those it was admitted with. Returns at once."""
    limits = grant.token_limits
    amounts = tuple([used - _expected(expected, most) for most in limits.per_minute])
    if any(amounts):
        _count(Draw(limits.names, limits.per_minute, amounts, forced=True))


def forget() -> None:
    """Start with empty buckets in this process; those in Redis stay."""
    _local.forget()


_local = Buckets()
_shared = loops.OneEach(lambda: SharedBuckets(settings.REDIS_URL, _local.learn))


def _drawn_at_once(draw: Draw) -> Verdict | None:
    """Where all buckets were nearly empty a moment ago, what is drawn is counted here at once and in Redis with the next trip. None where
    Redis has to be asked."""
    if not settings.REDIS_URL:
        return _local.draw(draw)
    verdict = _local.draw_from_plenty(draw, PLENTY, LATELY_S)
    if verdict:
        _shared.here().draw_later(draw)
    return verdict


async def _draw_together(draw: Draw) -> Verdict:
    """With all other processes; here alone while Redis is away."""
    try:
        verdict = await _shared.here().draw(draw)
    except Away:
        return _local.draw(draw)
    _local.learn(draw, verdict)
    return verdict


def _count(draw: Draw) -> None:
    """Here at once, and in Redis a little later."""
    if settings.REDIS_URL:
        _shared.here().draw_later(draw)
    _local.draw(draw)


async def warm() -> None:
    """Connect to Redis, if there is one; a second at most."""
    if settings.REDIS_URL:
        await _shared.here().is_well()


async def close() -> None:
    """Let go of Redis. The next call connects again."""
    if buckets := _shared.taken_away():
        await buckets.close()


def _expected(tokens: int, per_minute: int) -> int:
    """More tokens than a minute has are a whole minute's, or the call could never start."""
    return min(tokens, per_minute)


def _standing(limits: Limits, verdict: Verdict) -> Standing:
    least: dict[str, Level] = {}
    for unit, per_minute, fill_s in zip(limits.units, limits.per_minute, verdict.fills_s, strict=True):
        level = _level(per_minute, fill_s)
        if unit not in least or level.remaining < least[unit].remaining:
            least[unit] = level
    by, refusal = verdict.refused_by, None
    if by is not None:
        refusal = RateLimited(limits.whose[by], limits.units[by], limits.per_minute[by], verdict.wait_s)
    return Standing(least.get("requests"), least.get("tokens"), refusal)


def _level(limit: int, fill_s: float) -> Level:
    left_s = max(FULL_S - fill_s, 0.0)
    return Level(limit, int(left_s * limit / FULL_S + 1e-3), fill_s)
