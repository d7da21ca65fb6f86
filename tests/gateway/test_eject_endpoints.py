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


def test_one_probe_at_a_time_tries_it_again(time: Clock) -> None:
    _fail(3)
    assert not health.may_try(ENDPOINT)
    time.now += 10
    assert ENDPOINT not in health.unavailable()
    assert [health.may_try(ENDPOINT) for _ in range(3)] == [True, False, False]
    assert ENDPOINT in health.unavailable()


def test_an_answer_to_the_probe_brings_it_back(time: Clock) -> None:
    _fail(3)
    time.now += 10
    assert health.may_try(ENDPOINT)
    health.answered(ENDPOINT)
    assert all(health.may_try(ENDPOINT) for _ in range(3))


def test_a_probe_that_fails_ejects_it_for_twice_as_long(time: Clock) -> None:
    _fail(3)
    time.now += 10
    assert health.may_try(ENDPOINT)
    _fail(1)
    assert not health.may_try(ENDPOINT)
    assert _seconds_out(time) == 20


@pytest.mark.parametrize("ends", ["its client leaves", "it hears nothing"])
def test_a_probe_without_a_result_makes_room_for_the_next(time: Clock, ends: str) -> None:
    _fail(3)
    time.now += 10
    assert health.may_try(ENDPOINT)
    if ends == "its client leaves":
        health.left(ENDPOINT)
    else:
        time.now += health.PROBE_S
    assert ENDPOINT not in health.unavailable()
    assert [health.may_try(ENDPOINT) for _ in range(2)] == [True, False]


def test_ejection_and_return_are_in_the_log(time: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "catalog.health")
    _fail(3)
    health.answered(ENDPOINT)
    assert caplog.messages == ["Endpoint 1 has failed 3 times in a row and is left out for 10 s.", "Endpoint 1 answers again."]
