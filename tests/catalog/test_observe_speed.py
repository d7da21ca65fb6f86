"""What is remembered about how fast endpoints answer."""

import threading
from collections.abc import Iterator

import pytest

from catalog import stats
from clod_site.lib import clock


class Watch:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    watch = Watch()
    monkeypatch.setattr(clock, "monotonic", watch)
    stats.forget()
    yield watch
    stats.forget()


def test_the_first_call_is_taken_as_it_is(watch: Watch) -> None:
    stats.observe(1, 120, 40)
    seen = stats.current()[1]
    assert (seen.ttft_ms, seen.tokens_per_s, seen.weight) == (120, 40, 1)


def test_calls_at_once_count_the_same(watch: Watch) -> None:
    for ttft_ms in (100, 200, 300):
        stats.observe(1, ttft_ms, 10)
    assert stats.current()[1].ttft_ms == pytest.approx(200)


def test_a_call_ten_minutes_ago_counts_half(watch: Watch) -> None:
    stats.observe(1, 100, 10)
    watch.now += stats.HALF_LIFE_S
    stats.observe(1, 400, 40)
    assert stats.current()[1].ttft_ms == pytest.approx((100 * 0.5 + 400) / 1.5)
    assert stats.current()[1].tokens_per_s == pytest.approx((10 * 0.5 + 40) / 1.5)


def test_an_endpoint_nobody_called_for_an_hour_is_not_measured_any_more(watch: Watch) -> None:
    stats.observe(1, 100, 10)
    watch.now += 1800
    stats.observe(2, 100, 10)
    watch.now += 1801
    assert set(stats.current()) == {2}


def test_nobody_changes_the_numbers_from_outside(watch: Watch) -> None:
    with pytest.raises(TypeError):
        stats.current()[1] = None  # type: ignore[index]


def test_no_call_is_lost_between_threads(watch: Watch) -> None:
    threads = [threading.Thread(target=lambda: [stats.observe(1, 100, 10) for _ in range(500)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stats.current()[1].weight == pytest.approx(4000)
