"""What the gateway remembers of keys: little, briefly, and never more than it has room for."""

import asyncio
import time
from collections.abc import Callable

import pytest

from accounts.models import User
from catalog import snapshot
from clod_site.lib import clock
from gateway import admit, snapshots
from projects import keys
from projects.grants import Grant
from projects.models import ApiKey, Project
from studio import tokens
from tests.gateway.conftest import FAST_LANE, Gateway


def _grant() -> Grant:
    return Grant(*[keys.ids.uuid7()] * 2, "project", None, None, None, None)


class Keys:
    """Where grants are read from in these tests."""

    def __init__(self) -> None:
        self.grants: dict[str, Grant] = {"mine": _grant()}
        self.reads: list[str] = []

    def load(self, token: str) -> Grant | None:
        self.reads.append(token)
        return self.grants.get(token)


def test_many_first_uses_of_a_key_read_it_once() -> None:
    source = Keys()
    known = snapshots._Grants(source.load)

    async def burst() -> list[Grant | None]:
        return await asyncio.gather(*(known.get("mine") for _ in range(50)))

    assert set(map(id, asyncio.run(burst()))) == {id(source.grants["mine"])}
    assert source.reads == ["mine"]


def test_it_is_read_again_after_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Keys()
    known = snapshots._Grants(source.load)
    asyncio.run(known.get("mine"))
    monkeypatch.setattr(clock, "monotonic", lambda: time.monotonic() + 1.1)
    del source.grants["mine"]
    assert asyncio.run(known.get("mine")) is None


def _slow(source: Keys, seconds: float) -> Callable[[str], Grant | None]:
    def load(token: str) -> Grant | None:
        time.sleep(seconds)
        return source.load(token)

    return load


def _after(monkeypatch: pytest.MonkeyPatch, seconds: float, changed: Callable[[Keys], object], read_takes_s: float) -> Grant | None:
    """What a key may, so long after it was used first, where something has changed and the database takes its time."""
    source = Keys()
    known = snapshots._Grants(source.load)
    asyncio.run(known.get("mine"))
    changed(source)
    known._load = _slow(source, read_takes_s)
    now = time.monotonic
    with monkeypatch.context() as patch:
        patch.setattr(clock, "monotonic", lambda: now() + seconds)
        return asyncio.run(known.get("mine"))


def test_a_slow_database_is_waited_for_where_a_key_was_not_used_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    def revoke(source: Keys) -> None:
        source.grants.clear()

    assert _after(monkeypatch, 2, revoke, 0.4) is not None, "it goes on for a moment"
    assert _after(monkeypatch, 3600, revoke, 0.4) is None


def test_it_is_read_again_before_anybody_has_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Keys()
    known = snapshots._Grants(source.load)

    async def use() -> None:
        await known.get("mine")
        now = time.monotonic
        monkeypatch.setattr(clock, "monotonic", lambda: now() + snapshots.AHEAD_S)
        assert await known.get("mine")
        await known._loading["mine"]

    asyncio.run(use())
    assert source.reads == ["mine", "mine"]


def test_a_flood_of_unknown_keys_neither_grows_nor_pushes_out_the_ones_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "MAX_GRANTS", 10)
    source = Keys()
    known = snapshots._Grants(source.load)

    async def flood() -> None:
        await known.get("mine")
        for number in range(100):
            assert await known.get(f"guess {number}") is None
        await known.get("mine")

    asyncio.run(flood())
    assert source.reads.count("mine") == 1
    assert len(known._known) + len(known._unknown) <= 20


def test_a_token_of_the_wrong_length_is_never_looked_up(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admit.snapshots, "grant_of_studio", lambda token: pytest.fail("looked up"))
    for text in ("", "a" * 42, "a" * 44, "a" * 50_000):
        response = gateway.client.post(gateway.path, json={}, headers={"authorization": f"Bearer {tokens.PREFIX}{text}"})
        assert response.status_code == 401


@FAST_LANE
def test_a_revoked_key_reads_nothing_after_a_second(gateway: Gateway, project: Project, alice: User) -> None:
    assert gateway.client.get("/v1/requests").status_code == 200
    keys.revoke(ApiKey.objects.get(), actor=alice)
    time.sleep(snapshots.MAX_AGE_S + 0.1)
    gateway.client.get("/v1/requests")
    time.sleep(0.2)
    assert gateway.client.get("/v1/requests").status_code == 401


def test_many_first_callers_read_the_catalog_once(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    versions_asked: list[None] = []
    monkeypatch.setattr(snapshot, "version", lambda: versions_asked.append(None) or 0)
    snapshots.forget()

    async def many() -> None:
        await asyncio.gather(*(snapshots.catalog() for _ in range(64)))

    asyncio.run(many())
    snapshots.forget()
    assert len(versions_asked) < 4  # only those that were at the lock already, and the watching thread
