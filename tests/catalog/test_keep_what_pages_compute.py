"""What pages compute is computed once, however many ask at once, and anew when prices or the catalog change."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from catalog import versions
from catalog.pages import kept

TOGETHER = 8


@pytest.fixture(autouse=True)
def version(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    number = [1]
    monkeypatch.setattr(versions, "current", lambda: number[0])
    return number


def test_those_who_ask_together_share_one_answer() -> None:
    everybody, made = threading.Barrier(TOGETHER), []

    def make() -> list[int]:
        made.append(len(made))
        everybody_waits.wait(0.2)
        return made

    def ask(_: int) -> Any:
        everybody.wait(5)
        return kept.once("slow", make)

    everybody_waits = threading.Event()
    with ThreadPoolExecutor(TOGETHER) as pool:
        answers = list(pool.map(ask, range(TOGETHER)))
    assert made == [0]
    assert all(answer is made for answer in answers)


def test_one_value_may_be_made_from_another() -> None:
    assert kept.once("outer", lambda: kept.once("inner", lambda: 1) + 1) == 2


def test_a_failure_is_told_and_the_next_one_tries_again() -> None:
    with pytest.raises(ZeroDivisionError):
        kept.once("odd", lambda: 1 // 0)
    assert kept.once("odd", lambda: 3) == 3


def test_a_new_version_is_computed_anew(version: list[int]) -> None:
    assert kept.once("now", lambda: "old") == kept.once("now", lambda: "unseen") == "old"
    version[0] += 1
    assert kept.once("now", lambda: "new") == "new"
