"""Rates: what fits, what is refused and for how long, and that all buckets of a draw give or none does."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

import pytest
from django.conf import settings

from clod_site.lib import clock, ids
from projects.buckets import Buckets, Draw
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
