"""Account and security: one page for how somebody logs in, and on which devices."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession

from accounts.models import User
from tests.accounts.entering import logged_in, with_password
from tests.people import browser, queries_of

PAGE = "/settings/security"
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/604.1"
EVIL = "<script>alert(1)</script>"

pytestmark = pytest.mark.django_db


def test_everybody_has_the_page_whatever_their_role(alice: User, bob: User, viewer: User, charlie: User) -> None:
    for person in (alice, bob, viewer, charlie):
        page = browser(person).get(PAGE).content.decode()
        assert page.count('class="rail"') == 1
        assert person.email in page
    assert browser().get(PAGE)["Location"] == f"/accounts/login/?next={PAGE}"


@pytest.mark.parametrize("address", ["/accounts/2fa/", "/accounts/2fa/webauthn/"])
def test_what_it_gathers_has_no_other_page(alice: User, address: str) -> None:
    assert browser(alice).get(address)["Location"] == PAGE


def test_devices_have_names_and_can_be_logged_out_one_by_one(alice: User) -> None:
    with_password(alice)
    laptop, phone = logged_in(alice, LAPTOP), logged_in(alice, PHONE)
    page = laptop.get(PAGE).content.decode()
    assert page.index("Chrome on Linux") < page.index("Safari on iPhone")
    laptop.post(f"/settings/devices/{UserSession.objects.get(user_agent=PHONE).pk}/end")
    assert phone.get("/projects").status_code == 302
    assert laptop.get("/projects").status_code == 200
    assert "Safari on iPhone" not in laptop.get(PAGE).content.decode()


def test_all_other_devices_are_logged_out_at_once(alice: User) -> None:
    with_password(alice)
    here, *others = (logged_in(alice, LAPTOP) for _ in range(3))
    here.post("/settings/devices/others/end")
    assert here.get("/projects").status_code == 200
    assert [other.get("/projects").status_code for other in others] == [302, 302]


def test_charlie_logs_nobody_of_them_out(alice: User, charlie: User) -> None:
    with_password(alice)
    hers = logged_in(alice)
    theirs = UserSession.objects.get(user=alice).pk
    answers = [browser(charlie).post(f"/settings/devices/{number}/end") for number in (theirs, 999_999)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert hers.get("/projects").status_code == 200


def test_a_session_from_before_is_noted_as_it_is_used(alice: User) -> None:
    browser(alice).get("/models")
    assert UserSession.objects.filter(user=alice).count() == 1


def test_what_a_browser_calls_itself_and_what_people_call_a_passkey_is_only_text(alice: User) -> None:
    with_password(alice)
    credential = {"clientExtensionResults": {"credProps": {"rk": True}}}
    visitor = logged_in(alice, EVIL)
    Authenticator.objects.create(user=alice, type=Authenticator.Type.WEBAUTHN, data={"name": EVIL, "credential": credential})
    page = visitor.get(PAGE).content.decode()
    assert EVIL not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2


def test_many_devices_take_no_more_queries(alice: User) -> None:
    with_password(alice)
    visitor = logged_in(alice, LAPTOP)
    few = queries_of(visitor, PAGE)
    for _ in range(4):
        logged_in(alice, PHONE)
    assert queries_of(visitor, PAGE) == few


def test_who_has_a_passkey_and_no_recovery_codes_is_warned(alice: User) -> None:
    assert "locks you out" not in browser(alice).get(PAGE).content.decode()
    credential = {"clientExtensionResults": {}}
    Authenticator.objects.create(user=alice, type=Authenticator.Type.WEBAUTHN, data={"name": "Key", "credential": credential})
    assert "locks you out" in browser(alice).get(PAGE).content.decode()
