"""What is said in a project with sealed logs is nowhere to be read, however the call ends; where nothing is sealed, the search finds it."""

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.canary import haystack, trial
from tests import stores

CANARY = "canary0123456789abcdef"
WRAPPINGS = {
    "as it is": b"{'prompt': '" + CANARY.encode() + b"'}",
    "in hex": CANARY.encode().hex().encode(),
    "UTF-16": CANARY.encode("utf-16"),
    "base64": base64.b64encode(b"x" + CANARY.encode() + b"yz"),
    "base64, url-safe": base64.urlsafe_b64encode(b"xx\xff" + CANARY.encode() + b"\xff"),
}


@pytest.fixture
def folder() -> Iterator[Path]:
    """PostgreSQL runs as somebody else, who has to pass through."""
    folder = stores.temporary_folder()
    yield folder
    shutil.rmtree(folder)


@pytest.mark.long
@pytest.mark.site
@pytest.mark.parametrize("database", ["SQLite", "PostgreSQL"])
def test_no_store_log_or_file_has_it(folder: Path, database: str) -> None:
    result = trial.run(folder, database)
    assert {way.name: way.found for way in result.ways if any(way.found.values())} == {}
    assert {way.name: way.opened for way in result.ways} == {way.name: way.leaves for way in result.ways}
    assert result.bodies == 8


@pytest.mark.long
@pytest.mark.site
def test_without_sealing_it_is_found(folder: Path) -> None:
    result = trial.run(folder, "SQLite", mode="plain")
    missed = [way.name for way in result.ways if way.leaves and not way.found["database, as a dump"]]
    assert missed == []


@pytest.mark.parametrize("wrapped", WRAPPINGS.values(), ids=WRAPPINGS)
def test_it_is_found_however_it_is_wrapped(wrapped: bytes) -> None:
    assert haystack.found(CANARY, {"here": [b"nothing", wrapped], "there": [b"canary0123"]}) == {"here": 1, "there": 0}


def test_it_is_found_in_every_file_of_the_folder(tmp_path: Path) -> None:
    names = ("var/clod.sqlite3-wal", "web.log", "tmp/spool/x", "beat.db", "postgres/data/base/1/2")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"...{CANARY}...")
    assert haystack.found(CANARY, haystack.files(tmp_path)) == {"database's files": 2, "logs": 1, "temporary files": 1, "other files": 1}
