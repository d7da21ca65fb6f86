"""`make run` on a bare machine: what it checks, what it says, and what it repairs."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

BIN = Path(__file__).resolve().parent.parent.parent / "bin"


@pytest.fixture
def bootstrap(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The modules of ``bin/``, which import each other by plain names."""
    monkeypatch.syspath_prepend(str(BIN))
    import checks
    import installing
    import packages

    return SimpleNamespace(checks=checks, installing=installing, packages=packages, refusal=checks.CannotInstall)


@pytest.fixture
def clone(bootstrap: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A clone in a folder whose name has spaces, with locks that name no package at all."""
    root = tmp_path / "a clone with spaces"
    (root / "requirements").mkdir(parents=True)
    for name in bootstrap.installing.LOCKS:
        (root / "requirements" / f"{name}.txt").write_text("# nothing\n")
    venv = root / ".venv"
    places = {"ROOT": root, "VENV": venv, "PYTHON": venv / "bin" / "python", "STAMP": venv / "clod-installed.json"}
    places |= {"LOCK_FILE": root / "var" / "install.lock", "MARK": root / "var" / "install.unfinished"}
    for name, path in places.items():
        monkeypatch.setattr(bootstrap.installing, name, path)
    return root


def test_a_busy_port_is_told_with_the_variable_that_changes_it(bootstrap: Any) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(bootstrap.refusal, match=rf"port {port} .*make run PORT={port + 1}"):
            bootstrap.checks.port_is_free(port)


@pytest.mark.parametrize("text", ["eighty", "0", "65536", "-1", "80.5"])
def test_a_port_that_is_none_is_refused(bootstrap: Any, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PORT", text)
    with pytest.raises(bootstrap.refusal, match="PORT must be a number"):
        bootstrap.checks.port()


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv_names_the_package_to_install(
    bootstrap: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == module else object())
    with pytest.raises(bootstrap.refusal, match=rf"apt install python3\.{sys.version_info[1]}-venv"):
        bootstrap.checks.can_install(tmp_path, is_new=True)


def test_a_full_disk_is_told_before_anything_is_downloaded(bootstrap: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=600_000_000))
    with pytest.raises(bootstrap.refusal, match=r"0\.6 GB of free space and 1\.5 GB are needed"):
        bootstrap.checks.can_install(tmp_path, is_new=True)
    bootstrap.checks.can_install(tmp_path, is_new=False)


def test_a_folder_of_somebody_else_is_refused(bootstrap: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(bootstrap.refusal, match="not writable"):
        bootstrap.checks.can_install(tmp_path, is_new=True)


@pytest.mark.parametrize(
    ("last_line", "advice"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "no space left"),
        ("ERROR: No matching distribution found for django==5.2.1", "Check the network"),
        ("NewConnectionError('Failed to establish a new connection: [Errno 111] Connection refused')", "Check the network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "not the one the lock names"),
        ("something nobody has seen before", "status 2"),
    ],
)
def test_a_failing_pip_is_quoted_and_explained(bootstrap: Any, last_line: str, advice: str) -> None:
    text = bootstrap.packages._explained(2, f"Collecting django\n{last_line}")
    assert last_line in text
    assert advice in text


@pytest.mark.site
def test_it_installs_once_in_a_folder_with_spaces_and_again_when_a_lock_changes(bootstrap: Any, clone: Path) -> None:
    bootstrap.installing.ensure(["base", "model"], port=None)
    python = clone / ".venv" / "bin" / "python"
    assert subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=True).stdout
    assert bootstrap.installing._missing(["base", "model"]) == []
    (clone / "requirements" / "base.txt").write_text("# another lock\n")
    assert bootstrap.installing._missing(["base", "model"]) == ["base"]

    (clone / "var" / "install.unfinished").touch()
    (clone / ".venv" / "half-installed").touch()
    bootstrap.installing.ensure(["base", "model"], port=None)
    assert not (clone / ".venv" / "half-installed").exists()
    assert not (clone / "var" / "install.unfinished").exists()


def test_two_installations_at_once_are_refused(bootstrap: Any, clone: Path) -> None:
    with bootstrap.installing._alone(), pytest.raises(bootstrap.refusal, match="another run is installing"):
        bootstrap.installing.ensure(["base"], port=None)


def test_an_old_python_gets_a_sentence() -> None:
    run = f"runpy.run_path({str(BIN / 'bootstrap.py')!r}, run_name='__main__')"
    pretend = f"import runpy, sys; sys.version_info = (3, 9, 2); sys.argv = ['bootstrap.py', 'run']; {run}"
    done = subprocess.run([sys.executable, "-c", pretend], env={"PATH": ""}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "needs Python 3.11 or newer; this is Python 3.9.2" in done.stderr
    assert "Traceback" not in done.stderr
