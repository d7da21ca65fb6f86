"""The running stack, as its visitors and an operator's shell meet it. ``make acceptance`` says where it is."""

import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from stack import mail

ROOT = Path(__file__).resolve().parents[2]
MODEL = "smollm2-135m-instruct"
WAIT_S = 30
CODE = re.compile(r"^[A-Z]{4}-[A-Z]{4}$", re.MULTILINE)
KEY = re.compile(r"clod_sk_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}")


@dataclass(frozen=True)
class Stack:
    """Where everything is. ``webs`` are the web processes themselves, behind nginx' back."""

    base_url: str
    api_key: str
    webs: list[str]
    nginx: bool
    mails: Path
    environment: Path

    def manage(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """manage.py with the stack's variables, as an operator runs it."""
        return self._run(sys.executable, "manage.py", *words)

    def program(self, *words: str) -> Any:
        """What a program of ours printed last, as JSON."""
        ran = self._run(sys.executable, *words)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout.strip().splitlines()[-1])

    def _run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        script = '. "$0" && exec "$@"'
        return subprocess.run(
            ["sh", "-c", script, str(self.environment), *words], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )

    def call(self, key: str, at: str = "", **body: Any) -> httpx2.Response:
        """A completion, whole; through nginx unless ``at`` names a web process."""
        asked = {"model": MODEL, "messages": [{"role": "user", "content": "Say hello."}], "max_completion_tokens": 4} | body
        return httpx2.post(f"{at or self.base_url}/v1/chat/completions", json=asked, headers=bearer(key), timeout=60)


@dataclass
class Visitor:
    """A browser without a screen: cookies, forms with their tokens, redirects followed."""

    base_url: str
    email: str = ""
    http: httpx2.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx2.Client(base_url=self.base_url, follow_redirects=True, timeout=30)

    def get(self, path: str) -> httpx2.Response:
        return self.http.get(path)

    def post(self, path: str, **fields: str) -> httpx2.Response:
        """The form of that page, sent as the page would send it: with what is hidden in it."""
        page = self.get(path)
        assert page.status_code == 200, (path, page.status_code)
        forms = [each.partition("</form>")[0] for each in page.text.split("<form")[1:]]
        form = next(each for each in forms if self._is_meant(each, path, fields))
        hidden = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', form)
        headers = {"Referer": f"{self.base_url}{path}", "Origin": self.base_url}
        return self.http.post(path, data=dict(hidden) | fields, headers=headers)

    def _is_meant(self, form: str, path: str, fields: dict[str, str]) -> bool:
        """One that has these fields, and goes to the page's own address; others on the page log out or choose a theme."""
        action = re.search(r'action="([^"]*)"', form.partition(">")[0])
        return all(f'name="{name}"' in form for name in fields) and (bool(fields) or action is None or action[1] == path)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def eventually(holds: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WAIT_S
    while not (found := holds()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


@pytest.fixture(scope="session")
def stack() -> Stack:
    told = os.environ.get("ACCEPTANCE_STACK")
    if not told:
        pytest.skip("needs a running stack: make acceptance")
    facts = json.loads(Path(told).read_text())
    names = "base_url", "api_key", "webs", "nginx"
    return Stack(**{name: facts[name] for name in names}, mails=Path(facts["mail"]), environment=Path(facts["environment"]))


@pytest.fixture(scope="session")
def dora(stack: Stack) -> Iterator[Visitor]:
    """Somebody who signed up a moment ago, by an address and the code that was mailed to it."""
    dora = sign_up(stack)
    yield dora
    dora.http.close()


def sign_up(stack: Stack) -> Visitor:
    visitor = Visitor(stack.base_url, f"dora-{secrets.token_hex(4)}@example.org")
    visitor.post("/accounts/signup/", email=visitor.email)
    landed = visitor.post("/accounts/confirm-email/", code=code_to(stack, visitor.email))
    assert landed.url.path == "/welcome", landed.url
    return visitor


def code_to(stack: Stack, address: str) -> str:
    mails = eventually(lambda: [each for each in mail.kept(stack.mails) if each["To"] == address])
    assert mails, f"no mail to {address} in {stack.mails}"
    found = CODE.search(str(mails[-1].get_content()).replace("\r", ""))
    assert found, mails[-1].get_content()
    return found[0]


@pytest.fixture
def new_key(dora: Visitor) -> Callable[..., str]:
    """``new_key(daily_cap_nanousd="0.01")``: generated on the site, as it is shown once."""

    def new_key(**fields: str) -> str:
        page = dora.get("/keys/new")
        project = re.search(r'<select name="project"[^>]*>\s*<option value="([^"]+)"', page.text)
        assert project, page.text
        shown = dora.post("/keys/new", **{"name": f"key {secrets.token_hex(3)}", "project": project[1]} | fields)
        found = KEY.search(shown.text)
        assert found, (shown.status_code, re.findall(r'class="error[^>]*>([^<]+)', shown.text))
        return found[0]

    return new_key


def models(at: str, key: str) -> list[str]:
    return [model["id"] for model in httpx2.get(f"{at}/v1/models", headers=bearer(key)).json()["data"]]


@pytest.fixture(scope="session")
def paid_model(stack: Stack, dora: Visitor) -> Iterator[str]:
    """One that costs, which Dora's wallet can pay; known to both web processes."""
    name = stack.program("-m", "stack.purse", dora.email)
    assert eventually(lambda: all(name in models(at, stack.api_key) for at in stack.webs))
    yield name
    stack.program("-m", "stack.purse", "--away")
