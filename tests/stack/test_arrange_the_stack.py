"""What a stack is told and where it keeps things, without starting it."""

import os
import stat
from pathlib import Path

import pytest

from stack import nginx, topology
from stack.acceptance import lives
from stack.topology import Stack
from tests.site import free_port


@pytest.fixture
def arranged(tmp_path: Path, monkeypatch) -> Stack:
    """On servers of somebody else's, so that no cluster is made."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://clod@db.example.org/clod")
    monkeypatch.setenv("REDIS_URL", "redis://:secret@cache.example.org:6379/1")
    return Stack(tmp_path / "stack", free_port(), CLOD_LOG_LEVEL="ERROR")


def test_given_servers_are_used_and_not_started(arranged: Stack) -> None:
    assert arranged.stores == []
    assert arranged.variables["DATABASE_URL"] == "postgresql://clod@db.example.org/clod"
    assert arranged.variables["REDIS_URL"] == "redis://:secret@cache.example.org:6379/1"
    assert arranged.variables["CLOD_LOG_LEVEL"] == "ERROR"


def test_secrets_are_its_own_kept_and_readable_by_nobody_else(arranged: Stack) -> None:
    for name in ("secrets.json", "environment"):
        assert stat.S_IMODE((arranged.folder / name).stat().st_mode) == 0o600
    again = Stack(arranged.folder, arranged.port)
    assert again.variables["CLOD_KEY_PEPPERS"] == arranged.variables["CLOD_KEY_PEPPERS"]
    assert arranged.variables["CLOD_MODE"] == "production"


def test_web_processes_stand_behind_nginx_where_there_is_one(arranged: Stack, monkeypatch) -> None:
    if not arranged.proxy:
        pytest.skip("nginx is not installed")
    assert arranged.address.endswith(f":{arranged.port}")
    configuration = (arranged.folder / "nginx" / "clod.conf").read_text()
    assert all(f"server 127.0.0.1:{port} " in configuration for port in arranged.web_ports)
    monkeypatch.setattr(nginx, "program", lambda: None)
    alone = Stack(arranged.folder, arranged.port)
    assert alone.address.endswith(f":{alone.web_ports[0]}")
    assert alone.variables["CLOD_TRUSTED_PROXIES"] == ""
    assert [program.kind for program in alone.servers] == ["web", "web"]


def test_redis_that_is_away_answers_nothing() -> None:
    assert topology.asked(f"redis://127.0.0.1:{free_port()}/0", "PING") == b""


def test_a_file_of_a_stack_that_is_gone_is_no_stack(tmp_path: Path) -> None:
    facts = tmp_path / "stack.json"
    assert not lives(facts)
    facts.write_text("{")
    assert not lives(facts)
    facts.write_text(f'{{"pid": {os.getpid()}}}')
    assert not lives(facts)
