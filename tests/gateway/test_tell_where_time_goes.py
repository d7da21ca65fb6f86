"""``Server-Timing``: which stage of a call took how long, for developers only."""

from typing import Any

import pytest

from tests.gateway.conftest import Gateway

STAGES = ["door", "identify", "parse", "route", "authorise", "attempt", "relay", "settle"]


@pytest.fixture
def timed(settings: Any) -> None:
    settings.CLOD_SERVER_TIMING = True


def _stages(header: str) -> dict[str, float]:
    return {name: float(took) for name, took in (part.split(";dur=") for part in header.split(", "))}


@pytest.mark.usefixtures("timed")
def test_a_whole_answer_tells_all_of_them(gateway: Gateway) -> None:
    answer = gateway.complete()
    stages = _stages(answer.headers["server-timing"])
    assert list(stages) == STAGES
    assert all(took_ms >= 0 for took_ms in stages.values())
    assert 0 < sum(stages.values()) <= answer.elapsed.total_seconds() * 1000


@pytest.mark.usefixtures("timed")
def test_the_slow_one_is_seen(gateway: Gateway) -> None:
    gateway.offer("slow", "slow")
    stages = _stages(gateway.complete("slow").headers["server-timing"])
    assert max(stages, key=lambda name: stages[name]) in {"attempt", "relay"}


@pytest.mark.usefixtures("timed")
def test_a_stream_tells_those_before_its_first_byte(gateway: Gateway) -> None:
    body = {"model": "paris", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    with gateway.client.stream("POST", gateway.path, json=body) as answer:
        told = list(_stages(answer.headers["server-timing"]))
        assert told == STAGES[: len(told)]
        assert "attempt" in told
        answer.read()


@pytest.mark.usefixtures("timed")
def test_a_refusal_tells_how_far_it_came(gateway: Gateway) -> None:
    assert list(_stages(gateway.complete("nobody").headers["server-timing"])) == STAGES[: STAGES.index("route")]


def test_in_production_nobody_is_told(gateway: Gateway, settings: Any) -> None:
    settings.CLOD_SERVER_TIMING = False
    assert "server-timing" not in gateway.complete().headers
