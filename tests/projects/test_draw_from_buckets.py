"""Rates: what fits, what is refused and for how long, and that all buckets of a draw give or none does."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

import pytest
from django.conf import settings

from clod_site.lib import clock, ids
from projects import limits
from projects.buckets import Buckets, Draw, Verdict
from projects.grants import Grant, Rates
from projects.shared_buckets import Away, SharedBuckets


class Now:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.instant = 1000.0

    def __call__(self) -> float:
        return self.instant


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def buckets(now: Now) -> Buckets:
    return Buckets(now)


def _one(amount: int = 1, per_minute: int = 60, *, forced: bool = False) -> Draw:
    return Draw(("key",), (per_minute,), (amount,), forced)


def test_a_minute_s_worth_may_come_at_once_and_then_as_much_as_leaks(buckets: Buckets, now: Now) -> None:
    assert [buckets.draw(_one()).refused_by for _ in range(60)] == [None] * 60
    refused = buckets.draw(_one())
    assert (refused.refused_by, refused.wait_s) == (0, pytest.approx(1.0))
    now.instant += 2.0
    assert [buckets.draw(_one()).refused_by for _ in range(3)] == [None, None, 0]


def test_what_is_refused_takes_nothing_from_any_bucket(buckets: Buckets, now: Now) -> None:
    both = Draw(("key", "org"), (60, 2), (1, 1))
    assert [buckets.draw(both).refused_by for _ in range(5)] == [None, None, 1, 1, 1]
    assert buckets.draw(_one(58)).refused_by is None  # the key has seen two of them


def test_the_longest_wait_is_told(buckets: Buckets) -> None:
    both = Draw(("key", "org"), (60, 60), (60, 60))
    buckets.draw(Draw(("org",), (60,), (30,)))
    refused = buckets.draw(both)
    assert (refused.refused_by, refused.wait_s) == (1, pytest.approx(30.0))


def test_a_correction_is_never_refused_and_may_give_back(buckets: Buckets, now: Now) -> None:
    buckets.draw(_one(10))
    assert buckets.draw(_one(200, forced=True)).fills_s == (pytest.approx(210.0),)
    assert buckets.draw(_one()).wait_s == pytest.approx(151.0)
    assert buckets.draw(_one(-205, forced=True)).fills_s == (pytest.approx(5.0),)
    now.instant += 100
    buckets.draw(_one(-50, forced=True))  # what has leaked away already is not given back
    assert buckets.draw(_one(61)).refused_by == 0


def test_a_bucket_that_takes_nothing_refuses_nothing(buckets: Buckets) -> None:
    buckets.draw(_one(500, forced=True))
    assert buckets.draw(Draw(("key", "org"), (60, 60), (0, 1))).refused_by is None


def test_only_so_many_buckets_are_kept(now: Now) -> None:
    buckets = Buckets(now, most=100)
    for number in range(1000):
        buckets.draw(Draw((str(number),), (60,), (1,)))
        now.instant += 0.001
    assert len(buckets) <= 100
    buckets.forget()
    for number in range(90):
        buckets.draw(Draw((str(number),), (60,), (1,)))
    now.instant += 2
    buckets.draw(Draw(("busy",), (60,), (60,)))
    for number in range(200, 240):
        buckets.draw(Draw((str(number),), (60,), (1,)))
    assert buckets.draw(Draw(("busy",), (60,), (1,))).refused_by == 0  # empty ones went first


def test_plenty_is_drawn_from_where_little_is_used_and_that_was_heard_a_moment_ago(buckets: Buckets, now: Now) -> None:
    def drawn(amount: int = 1) -> Verdict | None:
        return buckets.draw_from_plenty(_one(amount), share=0.1, within_s=1.0)

    buckets.draw(_one())
    assert drawn() is None, "nobody else was heard"
    buckets.learn(_one(), Verdict((3.0,)))
    assert drawn(4) is None, "and nothing is drawn"
    assert drawn(2) == Verdict((5.0,))
    assert drawn(1) == Verdict((6.0,))
    assert drawn() is None
    now.instant += 0.9
    buckets.learn(_one(), Verdict((0.0,)))
    assert drawn() == Verdict((1.0,))
    now.instant += 1.1
    assert drawn() is None, "it was too long ago"
    buckets.learn(_one(), Verdict((0.0,)))
    assert buckets.draw_from_plenty(Draw(("key", "org"), (60, 60), (1, 1)), 0.1, 1.0) is None, "of the other nothing is known"
    assert drawn() == Verdict((1.0,)), "so nothing was drawn from the one"
    buckets.forget()
    assert drawn() is None


with_redis = pytest.mark.skipif(not settings.REDIS_URL, reason="this round has no Redis")


def _in_redis(work: Callable[[SharedBuckets], object], url: str = "") -> object:
    async def run() -> object:
        buckets = SharedBuckets(url or settings.REDIS_URL)
        try:
            return await work(buckets)
        finally:
            await buckets.close()

    return asyncio.run(run())


def _named(name: str, amount: int = 1, per_minute: int = 60, *, forced: bool = False) -> Draw:
    return Draw((name,), (per_minute,), (amount,), forced)


@with_redis
def test_redis_counts_for_all_who_draw_at_once() -> None:
    name = str(ids.uuid7())

    async def work(first: SharedBuckets) -> None:
        second = SharedBuckets(settings.REDIS_URL)
        verdicts = await asyncio.gather(*(buckets.draw(_named(name, per_minute=6)) for _ in range(50) for buckets in (first, second)))
        await second.close()
        assert sum(verdict.refused_by is None for verdict in verdicts) == 6
        assert max(verdict.wait_s for verdict in verdicts) == pytest.approx(10.0, abs=1)

    _in_redis(work)


@with_redis
def test_redis_says_what_this_process_would_say(now: Now) -> None:
    name = str(ids.uuid7())
    draws = [
        Draw((name + "a", name + "b"), (600, 30), (5, 2)),
        Draw((name + "a", name + "b"), (600, 30), (0, 40)),
        _named(name + "b", 100, 30, forced=True),
        Draw((name + "a", name + "b"), (600, 30), (1, 1)),
        _named(name + "b", -90, 30, forced=True),
        Draw((name + "a", name + "b"), (600, 30), (1, 1)),
        _named(name + "b", -1000, 30, forced=True),
        _named(name + "b", 30, 30),
    ]
    mine = Buckets(now)

    async def work(buckets: SharedBuckets) -> None:
        for draw in draws:
            theirs, ours = await buckets.draw(draw), mine.draw(draw)
            assert theirs.refused_by == ours.refused_by
            assert theirs.fills_s == pytest.approx(ours.fills_s, abs=1)
            assert theirs.wait_s == pytest.approx(ours.wait_s, abs=1)

    _in_redis(work)


def test_a_redis_that_is_away_is_asked_once_and_then_left_alone() -> None:
    with socket.socket() as silent:  # it takes connections and says nothing
        silent.bind(("127.0.0.1", 0))
        silent.listen(50)

        async def work(buckets: SharedBuckets) -> None:
            answers = await asyncio.gather(*(buckets.draw(_one()) for _ in range(50)), return_exceptions=True)
            assert {type(answer) for answer in answers} == {Away}
            assert _connections(silent) == 1
            buckets._retry_at = clock.monotonic() + 60
            for _ in range(50):
                with pytest.raises(Away):
                    await buckets.draw(_one())
            assert _connections(silent) == 0

        _in_redis(work, f"redis://127.0.0.1:{silent.getsockname()[1]}/0")


def _connections(listening: socket.socket) -> int:
    """How many have come since it was last asked."""
    listening.setblocking(False)
    count = 0
    with suppress(BlockingIOError):
        while True:
            listening.accept()[0].close()
            count += 1
    return count


@with_redis
def test_a_redis_that_came_back_is_used_again() -> None:
    async def work(buckets: SharedBuckets) -> None:
        buckets._is_away = True
        while buckets._is_away:
            with pytest.raises(Away):
                await buckets.draw(_one())
            await buckets._probe
        assert (await buckets.draw(_named(str(ids.uuid7())))).refused_by is None

    _in_redis(work)


@with_redis
def test_what_nobody_waits_for_goes_with_the_next_or_after_a_moment() -> None:
    name, told = str(ids.uuid7()), list[float]()

    async def work(buckets: SharedBuckets) -> None:
        buckets._told = lambda _, verdict: told.append(verdict.fills_s[0])
        buckets.draw_later(_named(name, 3))
        buckets.draw_later(_named(name, 2))
        assert (await buckets.draw(_named(name))).fills_s == pytest.approx((6,), abs=1)
        assert told == pytest.approx([5], abs=1), "together"
        buckets.draw_later(_named(name, 80))
        async with asyncio.timeout(5):
            while len(told) < 2:  # noqa: ASYNC110 -- nobody waits for it, so nothing tells
                await asyncio.sleep(0.01)
        assert told[1] == pytest.approx(86, abs=1), "whether it fits or not"
        buckets.draw_later(_named(name, 30))

    _in_redis(work)
    assert told[2] == pytest.approx(116, abs=1), "it is sent before Redis is let go of"


@with_redis
def test_what_is_given_back_of_an_empty_bucket_is_not_set_off_against_what_is_drawn() -> None:
    name, told = str(ids.uuid7()), list[float]()

    async def work(buckets: SharedBuckets) -> None:
        buckets._told = lambda _, verdict: told.append(verdict.fills_s[0])
        buckets.draw_later(_named(name, 40))
        buckets.draw_later(_named(name, -30))

    _in_redis(work)
    assert told == pytest.approx([0, 40], abs=1)


@with_redis
def test_of_very_many_buckets_each_is_counted() -> None:
    names, told = [str(ids.uuid7()) for _ in range(250)], list[Verdict]()

    async def work(buckets: SharedBuckets) -> None:
        buckets._told = lambda _, verdict: told.append(verdict)
        for name in names:
            buckets.draw_later(_named(name, 6))
        assert (await buckets.draw(_named(names[-1]))).fills_s == pytest.approx((7,), abs=1)

    _in_redis(work)
    assert [len(verdict.fills_s) for verdict in told] == [100, 100, 50]


def test_what_nobody_waits_for_is_forgotten_while_redis_is_away() -> None:
    async def work(buckets: SharedBuckets) -> None:
        buckets.draw_later(_one())
        with pytest.raises(Away):
            await buckets.draw(_one())
        buckets.draw_later(_one())
        assert not buckets._has_some()

    _in_redis(work, "redis://127.0.0.1:1/0")


def _grant(per_minute: int) -> Grant:
    return Grant(ids.uuid7(), ids.uuid7(), "project", ids.uuid7(), None, None, None, key_rates=Rates(per_minute))


def _admitted(grant: Grant, calls: int) -> tuple[list[int], list[Draw]]:
    """What they were told is left, and for which of them somebody waited for Redis."""
    waited, left = list[Draw](), list[int]()

    async def run() -> None:
        buckets = limits._shared.here()
        draw = buckets.draw

        async def watched(asked: Draw) -> Verdict:
            waited.append(asked)
            return await draw(asked)

        buckets.draw = watched  # type: ignore[method-assign]
        for _ in range(calls):
            standing = await limits.admit(grant)
            left.append(standing.requests.remaining if standing.requests and not standing.refusal else -1)
        await limits.close()

    limits.forget()
    asyncio.run(run())
    return left, waited


@with_redis
def test_a_call_waits_for_redis_only_where_its_buckets_are_not_nearly_empty() -> None:
    grant = _grant(80)
    left, waited = _admitted(grant, 10)
    assert left == [79, 78, 77, 76, 75, 74, 73, 72, 71, 70]
    assert len(waited) == 1, "the first; from then on it is known that an eighth is not used"
    left, waited = _admitted(grant, 2)
    assert left == pytest.approx([69, 68], abs=2), "all were counted in Redis"
    assert len(waited) == 2


@with_redis
def test_near_its_limit_every_call_waits_for_redis_and_none_passes_it() -> None:
    left, waited = _admitted(_grant(4), 6)
    assert left == [3, 2, 1, 0, -1, -1]
    assert len(waited) == 6


@with_redis
def test_of_a_redis_that_left_meanwhile_a_call_notices_nothing() -> None:
    grant = _grant(80)

    async def run() -> None:
        assert (await limits.admit(grant)).refusal is None
        limits._shared.here()._redis.connection_pool.connection_kwargs |= {"host": "127.0.0.1", "port": 1}
        await limits._shared.here()._redis.connection_pool.disconnect()
        for _ in range(5):
            assert (await limits.admit(grant)).refusal is None
            await asyncio.sleep(0.03)
        standing = await limits.admit(grant)
        assert standing.requests
        assert standing.requests.remaining == pytest.approx(80 - 7, abs=2), "each is counted once"
        await limits.close()

    limits.forget()
    asyncio.run(run())
