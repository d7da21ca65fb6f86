"""A session is a new one after logging in, and nobody is sent to another site by a link to ours."""

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.accounts.entering import with_password
from tests.people import PASSWORD, browser

pytestmark = pytest.mark.django_db

ELSEWHERE = [
    "https://evil.example.org",
    "//evil.example.org",
    "///evil.example.org",
    "/\\evil.example.org",
    "\\\\evil.example.org",
    "http:evil.example.org",
    "https:///evil.example.org",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\t/evil.example.org",
    " //evil.example.org",
    "https://testserver@evil.example.org",
    "https://evil.example.org/.testserver",
]


def logged_in_to(address: str, user: User, visitor: Client | None = None) -> str:
    answer = (visitor or Client()).post("/accounts/login/", {"login": user.email, "password": PASSWORD, "next": address})
    assert answer.status_code == 302
    return str(answer["Location"])


@pytest.mark.parametrize("address", ELSEWHERE)
def test_logging_in_leads_nowhere_else(alice: User, address: str) -> None:
    assert logged_in_to(address, with_password(alice)) == "/models"


@pytest.mark.parametrize("address", ELSEWHERE)
def test_who_is_in_already_is_led_nowhere_else_either(alice: User, address: str) -> None:
    answer = browser(alice).get("/accounts/login/", {"next": address})
    assert answer["Location"] == "/models"


@pytest.mark.parametrize("address", ELSEWHERE)
@pytest.mark.parametrize("form", ["/accounts/logout/", "/theme"])
def test_other_forms_lead_nowhere_else(alice: User, address: str, form: str) -> None:
    where = reverse("choose_theme") if form == "/theme" else form
    answer = browser(alice).post(where, {"next": address, "theme": "dark"})
    assert "evil" not in answer.headers.get("Location", "")
    assert not answer.headers.get("Location", "/").startswith(("javascript", "data", "//", "/\\"))


def test_logging_in_leads_where_somebody_was_going(alice: User) -> None:
    assert logged_in_to("/projects?x=1", with_password(alice)) == "/projects?x=1"


def test_a_session_that_somebody_planted_is_not_the_one_they_get(alice: User) -> None:
    """Session fixation: the key from before the log-in opens nothing afterwards."""
    visitor = Client()
    session = visitor.session
    session["theme"] = "dark"
    session.save()
    planted = session.session_key
    visitor.cookies["clod_session"] = planted
    logged_in_to("", with_password(alice), visitor)
    assert visitor.cookies["clod_session"].value != planted
    assert not Session.objects.filter(session_key=planted).exists()
    thief = Client()
    thief.cookies["clod_session"] = planted
    assert thief.get("/projects").status_code == 302


def test_a_log_out_ends_the_session_on_the_server(alice: User) -> None:
    visitor = browser(alice)
    key = visitor.cookies["clod_session"].value
    visitor.post("/accounts/logout/")
    assert not Session.objects.filter(session_key=key).exists()


def test_the_cookie_is_for_our_pages_alone(alice: User) -> None:
    visitor = Client()
    logged_in_to("", with_password(alice), visitor)
    cookie = visitor.cookies["clod_session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
