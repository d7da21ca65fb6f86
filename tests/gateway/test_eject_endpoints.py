"""Endpoints that fail are left out for a while, and come back."""

from collections.abc import Iterator

import pytest

from catalog import health
from clod_site.lib import clock

ENDPOINT = 1


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    health.forget()
    stopped = Clock()
    monkeypatch.setattr(clock, "monotonic", stopped.monotonic)
    yield stopped
    health.forget()


def _fail(times: int) -> None:
    for _ in range(times):
        health.failed(ENDPOINT)


def _seconds_out(time: Clock) -> float:
    started = time.now
    while ENDPOINT in health.unavailable():
        time.now += 0.5
    return time.now - started


def test_three_failures_in_a_row_eject_for_ten_seconds(time: Clock) -> None:
    _fail(2)
    assert health.unavailable() == frozenset()
    _fail(1)
    assert _seconds_out(time) == 10


def test_an_answer_in_between_starts_the_count_again(time: Clock) -> None:
    _fail(2)
    health.answered(ENDPOINT)
    _fail(2)
    assert health.unavailable() == frozenset()


def test_each_failed_return_doubles_the_wait_up_to_five_minutes(time: Clock) -> None:
    _fail(3)
    waits = []
    for _ in range(8):
        waits.append(_seconds_out(time))
        _fail(1)
    assert waits == [10, 20, 40, 80, 160, 300, 300, 300]


def test_a_hundred_calls_that_fail_together_are_one_outage(time: Clock) -> None:
    _fail(100)
    assert _seconds_out(time) == 10


def test_an_answer_brings_it_back_at_once(time: Clock) -> None:
    _fail(3)
    health.answered(ENDPOINT)
    assert health.unavailable() == frozenset()
    _fail(2)
    assert health.unavailable() == frozenset()
