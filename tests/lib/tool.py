"""bin/clod-logs: run as people run it, and its functions for the vectors."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

PROGRAM = Path(__file__).resolve().parents[2] / "bin" / "clod-logs"
LIMIT_S = 60


def functions() -> ModuleType:
    loader = SourceFileLoader("clod_logs", str(PROGRAM))
    spec = importlib.util.spec_from_loader("clod_logs", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    dont_write, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    loader.exec_module(module)
    sys.dont_write_bytecode = dont_write
    return module


def run(folder: Path, *words: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    """In a folder of its own, with nothing of this repository on the path, and without a terminal."""
    command = [sys.executable, "-I", str(PROGRAM), *words]
    return subprocess.run(command, cwd=folder, input=given, capture_output=True, text=True, timeout=LIMIT_S, start_new_session=True)


def export(rows: Sequence[dict[str, Any]], end: bool = True) -> str:
    lines = [*rows, {"object": "end", "requests": len(rows), "ended_before": "2026-11-28T06:00:00.000Z"}] if end else rows
    return "".join(json.dumps(row) + "\n" for row in lines)


def opened(folder: Path, rows: Sequence[dict[str, Any]], keys: Iterable[str], *words: str) -> "subprocess.CompletedProcess[str]":
    named = [word for key in keys for word in ("--key", key)]
    return run(folder, "decrypt", *named, *words, given=export(rows))
