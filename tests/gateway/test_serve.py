"""Production's web process, as docs/running.md starts it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.gateway.raw import Wire
from tests.site import ROOT, free_port


class Process:
    key = ""

    def __init__(self, folder: Path) -> None:
        port = str(free_port())
        self.url = f"http://127.0.0.1:{port}"
        self.output = (folder / "output").open("w+b")
        environment = os.environ | {"CLOD_VAR": str(folder), "DATABASE_URL": "", "REDIS_URL": ""}
        command = [sys.executable, "-m", "clod_site.serve", "--port", port]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=self.output, stderr=self.output)

    def said(self) -> str:
        return Path(self.output.name).read_text()

    def wait_until_well(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.said()
            try:
                return self.assert_well()
            except httpx2.TransportError:
                time.sleep(0.1)
        pytest.fail(self.said())

    def assert_well(self) -> None:
        assert httpx2.get(f"{self.url}/healthz").json() == {"status": "ok"}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path)
    try:
        process.wait_until_well()
        yield process
    finally:
        process.process.kill()
        process.process.wait()
        process.output.close()


def test_it_answers_is_bounded_and_ends_when_told(served: Process) -> None:
    with Wire(served) as wire:
        wire.flood(b"GET / HTTP/1.1\r\nx: " + b"y" * 70_000)
        assert wire.refused() == (431, "headers_too_large")
    served.assert_well()
    served.process.send_signal(signal.SIGTERM)
    served.process.wait(10)
    assert "Traceback" not in served.said(), served.said()
