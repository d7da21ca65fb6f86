"""Redis may go away at any time: pages and the bounds at the entrance go on with this process's own memory."""

import socket
from collections.abc import Iterator

import pytest
from django.core.cache import caches
from django.test import override_settings

from accounts.models import User
from clod_site.cache import RedisOrMemory
from tests.accounts.entering import with_password
from tests.people import browser


@pytest.fixture(autouse=True)
def redis_is_away() -> Iterator[None]:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, and not listening: connections are refused
        address = f"redis://127.0.0.1:{nobody.getsockname()[1]}/0"
        with override_settings(CACHES={"default": {"BACKEND": "clod_site.cache.RedisOrMemory", "LOCATION": address}}):
            RedisOrMemory._away_until = -1.0
            caches["default"].clear()
            yield
            caches["default"].clear()
    RedisOrMemory._away_until = -1.0


def test_what_is_kept_is_found_again() -> None:
    cache = caches["default"]
    assert cache.add("a", 1)
    assert not cache.add("a", 2)
    cache.set_many({"b": 2, "c": 3})
    assert cache.get_many(["a", "b", "c"]) == {"a": 1, "b": 2, "c": 3}
    assert cache.incr("a") == 2
    assert cache.delete("a")
    assert cache.get("a", "nothing") == "nothing"
    assert cache.get_or_set("d", lambda: 4) == 4


def test_it_is_not_asked_again_at_once(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(20):
        caches["default"].get("a")
    assert len([record for record in caplog.records if record.name == "clod.cache"]) <= 1


def test_pages_open_and_guessing_is_still_bounded(alice: User) -> None:
    with_password(alice)
    assert browser().get("/").status_code == 200
    for _ in range(5):
        browser().post("/accounts/login/", {"login": alice.email, "password": "wrong"})
    assert "Too many" in browser().post("/accounts/login/", {"login": alice.email, "password": "wrong"}).content.decode()
