"""Staff need a second factor where the installation asks for one, and the admin's log-in is everybody's, with its bounds."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.accounts.entering import with_password
from tests.admin.staff import member
from tests.people import browser

INDEX, SECURITY = "/admin/", "/settings/security"


@pytest.fixture
def required(settings: Any) -> None:
    settings.CLOD_STAFF_MFA = True


def give(user: User, kind: str) -> None:
    Authenticator.objects.create(user=user, type=kind, data={})


@pytest.mark.usefixtures("required")
@pytest.mark.parametrize("role", ["Support", "Finance", "Operator", ""])
def test_without_one_every_page_leads_to_where_it_is_set_up(db: None, role: str) -> None:
    visit = browser(member(role))
    for page in (INDEX, reverse("admin:accounts_user_changelist"), reverse("admin:catalog_model_import_catalog")):
        assert visit.get(page)["Location"] == SECURITY
    assert "with a second factor" in visit.get(INDEX, follow=True).content.decode()


@pytest.mark.usefixtures("required")
def test_a_superuser_is_no_exception(operator: User) -> None:
    assert browser(operator).post(reverse("admin:accounts_user_add"), {"email": "dora@example.org"})["Location"] == SECURITY
    assert not User.objects.filter(email="dora@example.org").exists()


@pytest.mark.usefixtures("required")
@pytest.mark.parametrize(("kind", "status"), [("totp", 200), ("webauthn", 200), ("recovery_codes", 302)])
def test_an_app_or_a_passkey_opens_it_and_recovery_codes_alone_do_not(operator: User, kind: str, status: int) -> None:
    give(operator, kind)
    assert browser(operator).get(INDEX).status_code == status


@pytest.mark.usefixtures("required")
def test_customers_and_logging_out_are_left_alone(alice: User, operator: User) -> None:
    assert browser(alice).get(reverse("admin:accounts_user_changelist"))["Location"].startswith("/admin/login/")
    assert browser(operator).get("/models").status_code == 200
    assert browser(operator).post("/admin/logout/").status_code == 200


def test_where_it_is_not_required_the_front_page_says_that_there_is_none(operator: User) -> None:
    assert "has no second factor" in browser(operator).get(INDEX).content.decode()
    give(operator, "totp")
    assert "has no second factor" not in browser(operator).get(INDEX).content.decode()


def test_guessing_a_staff_password_at_the_admin_is_bounded(operator: User) -> None:
    """The admin has no log-in of its own: it leads to the one whose bounds docs/accounts.md lists."""
    with_password(operator)
    for place in range(1, 6):
        guesser = Client(REMOTE_ADDR=f"198.51.100.{place}")
        entrance = guesser.get(INDEX, follow=True).redirect_chain[-1][0]
        assert entrance.startswith("/accounts/login/")
        guesser.post(entrance, {"login": operator.email, "password": "wrong"})
        refused = guesser.post("/admin/login/", {"username": operator.email, "password": "wrong"})
        assert refused["Location"].startswith("/accounts/login/")
    answer = Client(REMOTE_ADDR="203.0.113.9").post("/accounts/login/", {"login": operator.email, "password": "correct horse battery"})
    assert "Too many failed" in answer.content.decode()
