"""Logging in with an account elsewhere, shown only where it is configured. GitHub is a small server on this machine."""

import json
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import LIMIT_MS
from tests.site import Site, running_site

pytestmark = [pytest.mark.site, pytest.mark.browser]


@dataclass
class GitHub:
    """Whoever is logged in there now."""

    url: str
    address: str = ""
    is_verified: bool = True

    def person(self) -> str:
        self.address = f"octo-{secrets.token_hex(4)}@example.org"
        return self.address


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        github: GitHub = self.server.github  # type: ignore[attr-defined]
        parts = urlsplit(self.path)
        asked = parse_qs(parts.query)
        if parts.path == "/login/oauth/authorize":
            self.send_response(302)
            self.send_header("Location", f"{asked['redirect_uri'][0]}?code=yes&state={asked['state'][0]}")
            self.end_headers()
        elif parts.path.endswith("/emails"):
            self._tell([{"email": github.address, "primary": True, "verified": github.is_verified}])
        else:
            self._tell({"id": abs(hash(github.address)), "login": "octo", "name": "Octo Cat", "email": None})

    def do_POST(self) -> None:
        self._tell({"access_token": "t", "token_type": "bearer", "scope": "user:email"})

    def log_message(self, *_: Any) -> None:
        pass

    def _tell(self, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def github() -> Iterator[GitHub]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answer) as server:
        server.daemon_threads = True
        server.github = GitHub(f"http://127.0.0.1:{server.server_address[1]}")  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.github  # type: ignore[attr-defined]
        server.shutdown()


@pytest.fixture(scope="module")
def connected_site(with_data: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory, github: GitHub) -> Iterator[Site]:
    chosen = {"CLOD_GITHUB_CLIENT_ID": "id", "CLOD_GITHUB_CLIENT_SECRET": "secret", "CLOD_GITHUB_URL": github.url}
    with running_site(with_data(tmp_path_factory.mktemp("github") / "var"), NO_PROXY="127.0.0.1", **chosen) as site:
        yield site


@pytest.fixture
def page(chromium: Browser, connected_site: Site) -> Iterator[Page]:
    context = chromium.new_context(base_url=connected_site.base_url)
    context.set_default_timeout(LIMIT_MS)
    yield context.new_page()
    context.close()


def test_somebody_new_signs_up_with_it_and_has_an_organization(page, github):
    address = github.person()
    page.goto("/accounts/signup/")
    page.get_by_role("button", name="Continue with GitHub").click()
    expect(page.get_by_role("heading", name="Your first call")).to_be_visible()
    expect(page.get_by_role("banner")).to_contain_text("Octo Cat's organization")
    page.goto("/settings/security")
    expect(page.get_by_role("main")).to_contain_text(address)
    expect(page.get_by_role("main")).to_contain_text("1 connected")


def test_its_verified_address_opens_the_account_that_has_it(page, github):
    address = github.person()
    page.goto("/accounts/signup/")
    page.get_by_label("E-mail").fill(address)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Your first call")).to_be_visible()
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Continue with GitHub").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")
    page.goto("/settings/security")
    expect(page.get_by_role("main")).to_contain_text(address)


def test_an_address_it_has_not_verified_opens_nobodys_account(page, github, connected_site):
    github.address, github.is_verified = connected_site.email, False
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Continue with GitHub").click()
    page.wait_for_load_state()
    page.goto("/settings/security")
    assert connected_site.email not in page.get_by_role("main").inner_text()
    github.is_verified = True


def test_where_it_is_not_configured_nobody_reads_of_it(open_page):
    page = open_page()
    page.goto("/accounts/login/")
    expect(page.get_by_text("GitHub")).to_have_count(0)
    expect(page.get_by_text("Google")).to_have_count(0)
