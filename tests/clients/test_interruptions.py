"""A client that hangs up, and a machine that loses power: nobody is overcharged, nothing is lost, the books stay clean."""

import json
import os
import signal
from collections.abc import Iterator

import httpx2
import pytest

from tests.site import Site, books_are_clean, eventually, manage, running_site

pytestmark = pytest.mark.site

LONG = {
    "model": "SmolLM2 135M Instruct",
    "messages": [{"role": "user", "content": "Write a very long story about a lighthouse."}],
    "max_completion_tokens": 900,
    "stream": True,
}
LATER = """
from datetime import timedelta
from billing import ledger
from clod_site.lib import clock
ledger.sweep(clock.now() + timedelta(hours=2))
"""


def api(site: Site) -> httpx2.Client:
    return httpx2.Client(base_url=f"{site.base_url}/v1", headers={"authorization": f"Bearer {site.api_key}"}, timeout=60)


def read_some(lines: Iterator[str], pieces: int) -> list[str]:
    """Text of the first few pieces of a stream, which stays open as long as somebody holds its iterator."""
    told: list[str] = []
    for line in lines:
        if line.startswith("data: {"):
            told += [choice["delta"]["content"] for choice in json.loads(line[6:])["choices"] if choice["delta"].get("content")]
        if len(told) >= pieces:
            break
    return told


def test_a_client_that_hangs_up_pays_for_what_was_produced_and_the_model_is_stopped(site):
    with api(site) as client:
        with client.stream("POST", "/chat/completions", json=LONG) as answer:
            lines = answer.iter_lines()
            assert len(read_some(lines, 5)) == 5
            request = f"/requests/{answer.headers['x-request-id']}"
        assert eventually(lambda: client.get(request).status_code == 200)
        row = client.get(request).json()
    assert row["status"] == "client_closed"
    assert row["paid_by"] == "free"
    assert row["prompt_tokens"] > 0
    assert 5 <= row["completion_tokens"] < 400
    assert books_are_clean(site)


def test_a_site_killed_in_the_middle_of_a_stream_comes_back_with_clean_books(with_data, tmp_path):
    var = with_data(tmp_path / "var")
    with running_site(var) as site, api(site) as client, client.stream("POST", "/chat/completions", json=LONG) as answer:
        lines = answer.iter_lines()
        assert len(read_some(lines, 3)) == 3
        request = f"/requests/{answer.headers['x-request-id']}"
        os.kill(site.process.pid, signal.SIGKILL)
        site.process.wait()
    with running_site(var) as site, api(site) as client:
        assert books_are_clean(site)
        swept = manage(site, "shell", "-c", LATER)
        assert swept.returncode == 0, swept.stderr
        row = client.get(request).json()
        assert row["status"] == "expired"
        assert row["is_estimated"] is True
        assert row["cost"] == 0
        assert books_are_clean(site)
        again = client.post("/chat/completions", json=LONG | {"stream": False, "max_completion_tokens": 4})
        assert again.status_code == 200
