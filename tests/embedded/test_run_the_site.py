"""The whole site as one command starts it: banner, demo account, the model's own address, and an orderly end."""

import json
import re
import stat
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clod_site.lib import clock
from tests.site import READY, Site, SiteFailed, running_site, start, stop, wait_for_banner

pytestmark = [pytest.mark.site, pytest.mark.long]

QUESTION = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 8}


@pytest.fixture
def var(tmp_path: Path) -> Path:
    return tmp_path / "var"


def model_of(output: Path) -> str:
    found = re.search(r"Local model .*(http://127\.0\.0\.1:\d+)", output.read_text())
    assert found, output.read_text()
    return found[1]


def ask(url: str, body: dict[str, Any]) -> str:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.read().decode())


def is_gone(url: str, within_s: float) -> bool:
    deadline = clock.monotonic() + within_s
    while clock.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5):
                pass
        except (urllib.error.URLError, OSError):
            return True
    return False


def test_it_prints_how_to_get_in_and_the_model_answers(var: Path) -> None:
    with running_site(var) as site:
        banner = site.output.read_text()
        assert READY in banner
        assert all(fact in banner for fact in (site.base_url, site.email, site.password, site.api_key))
        assert stat.S_IMODE((var / "demo.json").stat().st_mode) == 0o600
        answer = json.loads(ask(f"{model_of(site.output)}/v1/chat/completions", QUESTION))
        assert answer["choices"][0]["message"]["content"]
        assert answer["usage"]["completion_tokens"] > 0


def test_sigterm_ends_the_site_and_its_model_and_the_next_start_keeps_the_data(with_data: Callable[[Path], Path], var: Path) -> None:
    with running_site(with_data(var)) as site:
        first, model = site, model_of(site.output)
        assert stop(site.process) < 10
        assert site.process.returncode == 0
        assert is_gone(model, within_s=1)
    with running_site(var) as second:
        assert (second.email, second.password, second.api_key) == (first.email, first.password, first.api_key)
        assert second.base_url != first.base_url
        assert "up to date" in second.output.read_text()


def test_the_model_ends_even_when_the_launcher_is_killed(with_data: Callable[[Path], Path], var: Path) -> None:
    with running_site(with_data(var)) as site:
        model = model_of(site.output)
        site.process.kill()
        site.process.wait()
        assert is_gone(model, within_s=5)


def test_a_second_launcher_on_the_same_folder_gets_one_sentence(running: Site) -> None:
    refused = refusal_of(running.var, running.var.parent / "second.out")
    assert "already running" in refused
    assert running.base_url in refused


def test_a_busy_port_gets_one_sentence(running: Site, tmp_path: Path) -> None:
    refused = refusal_of(tmp_path / "other", tmp_path / "busy.out", PORT=running.base_url.rpartition(":")[2])
    assert "is in use by another program" in refused


@pytest.fixture(scope="module")
def running(with_data: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Any:
    with running_site(with_data(tmp_path_factory.mktemp("running") / "var")) as site:
        yield site


def refusal_of(var: Path, output: Path, **env: str) -> str:
    """What a launcher that cannot start prints: one line, no traceback, status 1."""
    process = start(var, output, **env)
    with pytest.raises(SiteFailed):
        wait_for_banner(process, output)
    assert process.returncode == 1
    said = output.read_text().strip()
    assert said.count("\n") == 0, said
    return said


def test_a_closed_terminal_ends_the_site(running: Site) -> None:
    import signal

    model = model_of(running.output)
    running.process.send_signal(signal.SIGHUP)
    assert running.process.wait(10) == 0
    assert is_gone(model, within_s=1)


def test_make_help_lists_the_commands() -> None:
    done = subprocess.run(["make", "-s", "help"], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    assert "make run" in done.stdout
