"""Signing up with an e-mail address and a password."""

from typing import Any

import pytest
from django.core import mail

from accounts.models import Membership, Role, User
from projects.models import Project
from tests.people import browser

GOOD = {"email": "dora@example.org", "password1": "lantern-orbit-42"}

pytestmark = pytest.mark.django_db


def test_a_new_person_owns_an_organization_with_a_default_project_and_goes_to_the_first_steps() -> None:
    answer = browser().post("/accounts/signup/", GOOD)
    assert answer.status_code == 302
    assert answer["Location"] == "/welcome"
    membership = Membership.objects.get(user__email="dora@example.org")
    assert membership.role == Role.OWNER
    assert Project.objects.get(organization=membership.organization).is_default


def test_the_landing_page_hands_its_one_field_to_the_form() -> None:
    assert b'value="dora@example.org"' in browser().get("/accounts/signup/?email=dora@example.org").content


def test_a_poor_password_is_refused_with_a_reason() -> None:
    answer = browser().post("/accounts/signup/", GOOD | {"password1": "12345678"})
    assert "too common" in answer.content.decode()
    assert not User.objects.exists()


def test_a_taken_address_gets_the_same_answer_as_a_new_one(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    fresh = browser().post("/accounts/signup/", GOOD)
    taken = browser().post("/accounts/signup/", GOOD)
    assert (fresh.status_code, fresh["Location"]) == (taken.status_code, taken["Location"])
    assert User.objects.count() == 1
    assert {address for message in mail.outbox for address in message.to} == {"dora@example.org"}


def test_an_unknown_address_and_a_wrong_password_read_alike() -> None:
    browser().post("/accounts/signup/", GOOD)
    wrong = browser().post("/accounts/login/", {"login": "dora@example.org", "password": "not-this-one"})
    unknown = browser().post("/accounts/login/", {"login": "nobody@example.org", "password": "not-this-one"})
    for answer in (wrong, unknown):
        assert "are not correct" in answer.content.decode()


def test_logging_in_leads_to_the_models_and_out_to_the_start() -> None:
    browser().post("/accounts/signup/", GOOD)
    visitor = browser()
    assert visitor.post("/accounts/login/", {"login": "dora@example.org", "password": GOOD["password1"]})["Location"] == "/models"
    assert visitor.post("/accounts/logout/")["Location"] == "/"
    assert visitor.get("/projects").status_code == 302


@pytest.mark.parametrize("address", ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/inactive/"])
def test_entrance_pages_are_in_the_design(address: str) -> None:
    page = browser().get(address).content.decode()
    assert 'class="entrance"' in page
    assert 'lang="en"' in page


def test_a_member_manages_addresses_and_password_inside_the_frame(alice: User) -> None:
    alice.set_password("lantern-orbit-42")
    alice.save()
    for address in ("/accounts/email/", "/accounts/password/change/"):
        assert 'class="rail"' in browser(alice).get(address).content.decode()


def test_a_reset_link_sets_a_new_password() -> None:
    browser().post("/accounts/signup/", GOOD)
    mail.outbox.clear()
    visitor = browser()
    visitor.post("/accounts/password/reset/", {"email": "dora@example.org"})
    link = next(word for word in mail.outbox[0].body.split() if "/password/reset/key/" in word)
    form = visitor.get(link.partition("testserver")[2], follow=True)
    visitor.post(form.request["PATH_INFO"], {"password1": "harbour-violet-7", "password2": "harbour-violet-7"})
    assert User.objects.get().check_password("harbour-violet-7")
