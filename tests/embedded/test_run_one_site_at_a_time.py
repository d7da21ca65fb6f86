"""Two launchers never share a folder or a port, and the one who comes second is told in a sentence."""

import os
import pty
import socket
import threading
from pathlib import Path

import pytest

from clod_site.embedded import address, launcher, lock, server
from clod_site.embedded.console import CannotStart
from clod_site.lib.env import BadEnvironment


def test_a_second_site_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with lock.exclusive(tmp_path, "http://127.0.0.1:8140"), pytest.raises(CannotStart, match=r"already running .*http://127\.0\.0\.1:8140"):
        lock.exclusive(tmp_path, "http://127.0.0.1:8141").__enter__()


def test_the_folder_is_free_again_when_the_site_has_ended(tmp_path: Path) -> None:
    for _ in range(2):
        with lock.exclusive(tmp_path, "http://127.0.0.1:8140"):
            pass


def test_a_busy_port_is_told_with_the_variable_that_changes_it() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CannotStart, match=rf"port {port} is in use .*make run PORT={port + 1}"):
            address.take(port)


@pytest.mark.parametrize("text", ["0", "65536", "x"])
def test_a_port_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PORT", text)
    with pytest.raises(BadEnvironment, match="PORT must be"):
        address.port()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(28, "No space left on device"), "no space left on the disk"),
        (Exception("database or disk is full"), "no space left on the disk"),
        (PermissionError(13, "Permission denied", "/somewhere"), "cannot be written"),
        (Exception("attempt to write a readonly database"), "cannot be written"),
    ],
)
def test_a_disk_that_refuses_is_told_in_a_sentence(error: Exception, sentence: str) -> None:
    assert sentence in str(launcher._explained(error))


def test_a_fault_of_ours_keeps_its_traceback() -> None:
    assert launcher._explained(TypeError("a bug")) is None


def test_a_terminal_that_is_closed_is_noticed() -> None:
    ours, theirs = pty.openpty()
    noticed = threading.Event()
    waiting = threading.Thread(target=server.when_closed, args=(theirs, noticed.set), daemon=True)
    waiting.start()
    assert not noticed.wait(0.2)
    os.close(ours)
    assert noticed.wait(5)
    os.close(theirs)


def test_data_that_cannot_be_kept_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CLOD_VAR", str(tmp_path / "file"))
    with pytest.raises(CannotStart, match="cannot be made a folder"):
        launcher._var_folder()
