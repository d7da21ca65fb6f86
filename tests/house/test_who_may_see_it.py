"""Every page of a member: visitors log in first, other organizations find nothing, viewers read and write nothing."""

import pytest
from django.test import Client

from accounts.models import User
from tests.browser import pages
from tests.people import browser

WRITING = {"project-new", "key-new", "key-rotate", "key-revoke", "key-restrictions"}  # forms: a viewer has no use for them
WRITING |= {"project-encryption-switch", "team-invite", "member", "member-remove", "member-transfer", "audit-log"}
WRITING |= {name for name in pages.MEMBERS if name.startswith("webhook")}
OWN_ALONE = {name: address for name, address in pages.MEMBERS.items() if "{" in address}


@pytest.mark.parametrize("name", sorted(pages.MEMBERS.keys() - {"not-found", "log-out"}))
def test_a_visitor_is_asked_to_log_in_and_comes_back(name: str, words: dict[str, str]) -> None:
    address = pages.MEMBERS[name].format(**words)
    answer = Client().get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=")


@pytest.mark.parametrize("name", sorted(OWN_ALONE))
def test_for_another_organization_it_does_not_exist(name: str, words: dict[str, str], charlie: User, alice: User) -> None:
    address = OWN_ALONE[name].format(**words)
    assert browser(charlie).get(address).status_code == 404
    assert browser(charlie).post(address).status_code in {404, 405}


@pytest.mark.parametrize("name", sorted(pages.MEMBERS.keys() - {"not-found", "password"}))
def test_who_belongs_there_reads_it(name: str, words: dict[str, str], alice: User, bob: User, viewer: User) -> None:
    address = pages.MEMBERS[name].format(**words)
    assert browser(alice).get(address).status_code == 200
    assert browser(bob).get(address).status_code in {200, 403}
    assert browser(viewer).get(address).status_code in ({403} if name in WRITING else {200})
