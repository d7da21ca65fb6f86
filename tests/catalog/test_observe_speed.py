"""What is remembered about how fast endpoints answer, in this process and in all of them."""

import random
import statistics
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings

from catalog import stats, tallies
from catalog.shared_tallies import SharedTallies
from catalog.tallies import RATE, TTFT, Tallies

START = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
NEAR = 0.021  # half a bucket


@pytest.fixture(autouse=True)
def nothing_measured() -> Iterator[None]:
    stats.forget()
    yield
    stats.forget()


@pytest.fixture
def watch() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as watch:
        yield watch


@pytest.fixture
def settings_with_redis(settings: Any) -> None:
    """Nobody is connected to before something is sent."""
    settings.REDIS_URL = settings.REDIS_URL or "redis://127.0.0.1:1/0"


def ttft(endpoint: int = 1) -> float | None:
    return stats.current()[endpoint].ttft_ms


def test_the_first_call_is_taken_as_it_is(watch: time_machine.Traveller) -> None:
    stats.observe(1, ttft_ms=120, tokens_per_s=40)
    seen = stats.current()[1]
    assert (seen.ttft_ms, seen.tokens_per_s, seen.ttft_ms_p95) == pytest.approx((120, 40, 120), rel=NEAR)


def test_one_slow_call_does_not_move_the_median_and_shows_in_the_95th_percentile(watch: time_machine.Traveller) -> None:
    for ttft_ms in [100] * 9 + [9000]:
        stats.observe(1, ttft_ms=ttft_ms)
    assert ttft() == pytest.approx(100, rel=NEAR)
    assert stats.current()[1].ttft_ms_p95 == pytest.approx(9000, rel=NEAR)


def test_percentiles_are_those_of_the_numbers_themselves(watch: time_machine.Traveller) -> None:
    draw = random.Random(7)
    values = sorted(draw.lognormvariate(5, 0.8) for _ in range(2001))
    for value in values:
        stats.observe(1, ttft_ms=value, tokens_per_s=value)
    seen = stats.current()[1]
    assert seen.ttft_ms == pytest.approx(statistics.median(values), rel=2 * NEAR)
    assert seen.ttft_ms_p95 == pytest.approx(values[1900], rel=2 * NEAR)
    assert seen.tokens_per_s == seen.ttft_ms


def test_a_call_ten_minutes_ago_counts_half(watch: time_machine.Traveller) -> None:
    """Three old calls weigh as much as one and a half: less than two new ones, more than one."""
    for _ in range(3):
        stats.observe(1, ttft_ms=100)
    watch.shift(timedelta(seconds=tallies.HALF_LIFE_S))
    stats.observe(1, ttft_ms=900)
    assert ttft() == pytest.approx(100, rel=NEAR)
    stats.observe(1, ttft_ms=900)
    assert ttft() == pytest.approx(900, rel=NEAR)


def test_time_alone_changes_nothing(watch: time_machine.Traveller) -> None:
    for ttft_ms in (100, 200, 300):
        stats.observe(1, ttft_ms=ttft_ms)
    watch.shift(timedelta(minutes=59))
    assert ttft() == pytest.approx(200, rel=NEAR)


def test_a_new_window_goes_on_where_the_old_one_ended(watch: time_machine.Traveller) -> None:
    """At 18:00 weights begin at one again."""
    watch.move_to(START.replace(hour=17, minute=59))
    for _ in range(3):
        stats.observe(1, ttft_ms=100)
    watch.move_to(START.replace(hour=18, minute=1))
    stats.observe(1, ttft_ms=900)
    assert ttft() == pytest.approx(100, rel=NEAR), "two minutes are little"
    watch.move_to(START.replace(hour=18, minute=31))
    stats.observe(1, ttft_ms=900)
    assert ttft() == pytest.approx(900, rel=NEAR)


def test_an_endpoint_nobody_called_for_an_hour_is_not_measured_any_more(watch: time_machine.Traveller) -> None:
    stats.observe(1, ttft_ms=100)
    watch.shift(timedelta(minutes=30))
    stats.observe(2, ttft_ms=100)
    watch.shift(timedelta(minutes=30, seconds=1))
    assert set(stats.current()) == {2}
    assert stats.current().get(1) is None


def test_what_cannot_be_told_is_not_measured(watch: time_machine.Traveller) -> None:
    stats.observe(1, tokens_per_s=40)
    stats.observe(2)
    assert stats.current()[1].ttft_ms is None
    assert 2 not in stats.current()


def test_numbers_beyond_reason_have_a_bucket_too() -> None:
    stats.observe(1, ttft_ms=0, tokens_per_s=1e300)
    assert (ttft(), stats.current()[1].tokens_per_s) == pytest.approx((tallies.LOWEST, tallies.HIGHEST), rel=NEAR)


def test_nobody_changes_the_numbers_from_outside() -> None:
    with pytest.raises(TypeError):
        stats.current()[1] = None  # type: ignore[index]


def test_no_call_is_lost_between_threads(watch: time_machine.Traveller) -> None:
    threads = [threading.Thread(target=lambda: [stats.observe(1, ttft_ms=100) for _ in range(500)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(stats._tallies._weights[1, TTFT].values()) == pytest.approx(4000 * tallies.weight_at(START.timestamp()))


def test_memory_does_not_grow_with_the_calls(watch: time_machine.Traveller) -> None:
    for number in range(5000):
        stats.observe(1, ttft_ms=50 + number % 400, tokens_per_s=20 + number % 100)
    assert sum(len(buckets) for buckets in stats._tallies._weights.values()) < 120


# --- all processes together ----------------------------------------------------------------------

shared = pytest.mark.skipif(not settings.REDIS_URL, reason="needs Redis")


@pytest.fixture
def other() -> Iterator[SharedTallies]:
    """What another process says to the same Redis."""
    other = SharedTallies(settings.REDIS_URL)
    other._redis.flushdb()
    yield other
    other._redis.flushdb()
    other.close()


def said(other: SharedTallies, *times: float, at: datetime = START) -> Tallies:
    weight, window = tallies.weight_at(at.timestamp()), tallies.window_of(at.timestamp())
    fields = {(1, TTFT, tallies.bucket(ttft_ms)): weight for ttft_ms in times}
    return other.exchange(fields, {1: at.timestamp()} if times else {}, window)


@pytest.fixture
def exchange(watch: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch) -> Iterator[stats._Sharing]:
    """This process shares when the test says so."""
    monkeypatch.setattr(stats, "SHARE_EVERY_S", 3600)
    stats.share()
    assert stats._sharing
    yield stats._sharing
    stats.stop_sharing()


@shared
def test_what_one_process_measures_all_of_them_know(exchange: stats._Sharing, other: SharedTallies) -> None:
    said(other, 300, 310)
    stats.observe(1, ttft_ms=100, tokens_per_s=7)
    assert ttft() == pytest.approx(100, rel=NEAR)
    exchange._exchange()
    assert ttft() == pytest.approx(300, rel=NEAR)
    theirs = said(other)
    assert theirs.percentile(1, TTFT, 0.3) == pytest.approx(100, rel=NEAR)
    assert theirs.percentile(1, RATE, 0.5) == pytest.approx(7, rel=NEAR)
    assert theirs.seen_at == {1: START.timestamp()}


@shared
def test_nothing_is_sent_twice(exchange: stats._Sharing, other: SharedTallies) -> None:
    stats.observe(1, ttft_ms=100)
    for _ in range(3):
        exchange._exchange()
    assert said(other)._weights[1, TTFT] == {tallies.bucket(100): pytest.approx(tallies.weight_at(START.timestamp()))}


@shared
def test_the_window_before_counts_on(exchange: stats._Sharing, other: SharedTallies, watch: time_machine.Traveller) -> None:
    before = START.replace(hour=17, minute=59)
    said(other, 300, at=before)
    watch.move_to(START.replace(hour=18, minute=1))
    exchange._exchange()
    assert ttft() == pytest.approx(300, rel=NEAR)


@shared
def test_what_was_measured_while_redis_was_away_is_added_when_it_is_back(
    exchange: stats._Sharing, other: SharedTallies, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:
        away.setattr(exchange._shared, "exchange", lambda *_: (_ for _ in ()).throw(OSError("connection refused")))
        stats.observe(1, ttft_ms=100)
        exchange._exchange()
    assert ttft() == pytest.approx(100, rel=NEAR), "this process knows its own"
    stats.observe(1, ttft_ms=100)
    exchange._exchange()
    assert said(other)._weights[1, TTFT] == {tallies.bucket(100): pytest.approx(2 * tallies.weight_at(START.timestamp()))}


def test_an_endpoint_forgotten_before_it_was_told_stops_nothing(
    watch: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, settings_with_redis: None
) -> None:
    """Redis was away for more than an hour, or a machine slept."""
    monkeypatch.setattr(stats, "SHARE_EVERY_S", 3600)
    sent: list[dict[object, float]] = []

    def away(_: SharedTallies, fields: dict[object, float], *rest: object) -> Tallies:
        sent.append(fields)
        watch.shift(timedelta(seconds=stats.FORGET_AFTER_S + 1))
        stats.current()
        raise OSError("connection refused")

    monkeypatch.setattr(SharedTallies, "exchange", away)
    stats.share()
    assert stats._sharing
    stats.observe(1, ttft_ms=100)
    stats._sharing._exchange()
    stats.observe(2, ttft_ms=100)
    watch.shift(timedelta(seconds=stats.FORGET_AFTER_S + 1))
    assert not stats.current()
    stats._sharing._exchange()
    stats.stop_sharing()
    assert [len(fields) for fields in sent[:2]] == [1, 0]


@shared
def test_a_process_that_ends_leaves_what_it_knows(watch: time_machine.Traveller, other: SharedTallies) -> None:
    stats.share()
    stats.observe(1, ttft_ms=100)
    stats.stop_sharing()
    assert said(other).percentile(1, TTFT, 0.5) == pytest.approx(100, rel=NEAR)
    stats.observe(1, ttft_ms=100)
    assert not stats._unsent, "who does not share keeps nothing to send"
