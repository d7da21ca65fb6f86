"""Every answer tells browsers what they may do with it: pages, errors, the dashboard's API, the admin, the gateway, files."""

import re
from collections.abc import Iterator, Mapping

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from gateway import snapshots
from tests.browser import pages
from tests.people import browser

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
SOME = "0355G9o7EspDsoh783tIpp"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_watches_the_catalog_afterwards() -> Iterator[None]:
    yield
    snapshots.forget()


def assert_safe(headers: Mapping[str, str], address: str) -> None:
    assert {name: headers.get(name) for name in SAFE} == SAFE, address
    policy = headers["Content-Security-Policy"]
    for part in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"):
        assert part in policy, address
    is_admin = address.startswith("/admin/")
    assert ("'unsafe-eval'" in policy) is is_admin, address
    assert ("script-src 'self' 'unsafe-inline'" in policy) is is_admin, address
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["X-Request-Id"].startswith("req_")


def addresses(resolver: URLResolver, prefix: str = "/") -> Iterator[str]:
    """Every address of the site, with something in place of what it holds."""
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route


def filled(route: str) -> str:
    named = {"project": f"proj_{SOME}", "key": f"key_{SOME}", "mem": f"mem_{SOME}", "member": f"mem_{SOME}"}
    return re.sub(r"<(?:(\w+):)?(\w+)>", lambda match: named.get(match[1] or "", "1"), route).rstrip("$").replace("\\Z", "")


def test_of_every_address_for_a_visitor_and_a_member(alice: User) -> None:
    visitor, member = Client(), browser(alice)
    visitor.raise_request_exception = member.raise_request_exception = False
    walked = sorted({filled(route) for route in addresses(get_resolver()) if "(?P" not in route})
    assert len(walked) > 200
    for address in walked:
        for somebody in (visitor, member):
            if "logout" not in address:
                answer = somebody.get(address)
                answer.close()  # files
                assert_safe(answer.headers, address)


def test_of_pages_as_people_see_them(alice: User) -> None:
    member = browser(alice)
    for address in (*pages.VISITORS.values(), *pages.MEMBERS.values()):
        if "{" not in address:
            assert_safe(member.get(address).headers, address)


def test_of_the_admin(admin_client: Client) -> None:
    for address in ("/admin/", "/admin/catalog/provider/", "/admin/catalog/provider/add/", "/admin/nowhere/"):
        assert_safe(admin_client.get(address).headers, address)


@pytest.mark.parametrize("address", ["/nowhere", "/api/nowhere", "/v1/nowhere", "/static/nowhere.css", "/%2e%2e/etc/passwd"])
def test_of_what_is_not_there(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert_safe(answer.headers, address)


def test_of_refusals(client: Client) -> None:
    assert_safe(client.get("/", headers={"host": "evil.example.org"}).headers, "a host that is not ours")
    assert_safe(Client(enforce_csrf_checks=True).post("/accounts/login/").headers, "a form without its token")
    assert_safe(client.put("/").headers, "a wrong method")


@override_settings(SECURE_HSTS_SECONDS=31_536_000)
def test_browsers_remember_that_there_is_tls(client: Client) -> None:
    assert client.get("/", secure=True).headers["Strict-Transport-Security"] == "max-age=31536000"
    assert not settings.SECURE_HSTS_INCLUDE_SUBDOMAINS


def test_what_is_drawn_for_somebody_is_kept_by_no_cache(alice: User) -> None:
    member = browser(alice)
    kept = [(each, member.get(each).headers["Cache-Control"]) for each in ("/keys", "/api/usage", "/activity", "/admin/")]
    assert not [told for told in kept if "no-store" not in told[1]]
    assert "Cache-Control" not in Client().get("/").headers, "nor is anything said of what is the same for everybody"
    assert member.get("/status.json")["Cache-Control"] == "public, max-age=15", "where a view has said something it stands"
