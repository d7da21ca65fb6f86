"""The list of projects and the pages of one."""

import pytest

from accounts.models import Organization, User
from clod_site.lib import clock
from clod_site.lib.money import usd
from projects import keys
from projects.models import Project
from tests.people import browser, queries_of
from tests.projects import pages

TABS = ["", "keys", "models", "budgets", "encryption", "members", "settings"]
EVIL = "<script>alert(1)</script>"


def test_everybody_in_the_organization_sees_its_projects(alice: User, bob: User, viewer: User, organization: Organization) -> None:
    Project.objects.create(organization=organization, name="Billing bot", daily_cap_nanousd=usd("20"))
    for person in (alice, bob, viewer):
        page = browser(person).get("/projects").content.decode()
        assert "Billing bot" in page
        assert "$0.00 of $20.00" in page


def test_charlie_sees_none_of_them(charlie: User, organization: Organization) -> None:
    Project.objects.create(organization=organization, name="Billing bot")
    assert "Billing bot" not in browser(charlie).get("/projects").content.decode()


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_is_for_members_only(tab: str, project: Project, bob: User, viewer: User, charlie: User) -> None:
    address = pages.of(project, tab)
    assert browser(bob).get(address).status_code == 200
    assert browser(viewer).get(address).status_code == 200
    assert browser(charlie).get(address).status_code == 404
    assert browser().get(address)["Location"] == f"/accounts/login/?next={address}"


@pytest.mark.parametrize("address", ["/projects/proj_zzzzzzzzzzzzzzzzzzzzzz", "/projects/key_0000000000000000000000", "/projects/1"])
def test_an_address_that_is_none_is_not_found(address: str, alice: User) -> None:
    assert browser(alice).get(address).status_code == 404


def test_only_managers_are_offered_a_new_project(alice: User, bob: User, viewer: User) -> None:
    assert "New project" in browser(alice).get("/projects").content.decode()
    for person in (bob, viewer):
        assert "New project" not in browser(person).get("/projects").content.decode()


def test_a_name_is_only_text_wherever_it_is_shown(alice: User, organization: Organization) -> None:
    evil = Project.objects.create(organization=organization, name=EVIL)
    keys.generate(evil, name=EVIL, actor=alice)
    for address in ["/projects", "/keys", "/keys/new", *(pages.of(evil, tab) for tab in TABS)]:
        page = browser(alice).get(address).content.decode()
        assert EVIL not in page
        assert "&lt;script&gt;" in page


def test_the_list_takes_as_many_queries_for_twelve_projects_as_for_two(alice: User, organization: Organization) -> None:
    visit = browser(alice)
    few = queries_of(visit, "/projects")
    for number in range(11):
        other = Project.objects.create(organization=organization, name=f"Project {number}", monthly_cap_nanousd=usd("5"))
        keys.generate(other, name="key", actor=alice)
    assert queries_of(visit, "/projects") == few <= 14


def test_keys_are_counted_while_they_are_in_use(alice: User, project: Project) -> None:
    keys.generate(project, name="used", actor=alice)
    revoked, _ = keys.generate(project, name="revoked", actor=alice)
    keys.revoke(revoked, actor=alice)
    assert "1 key ·" in browser(alice).get("/projects").content.decode()


def test_an_archived_project_is_not_there_any_more(alice: User, organization: Organization) -> None:
    gone = Project.objects.create(organization=organization, name="Gone", archived_at=clock.now())
    before, _, archived = browser(alice).get("/projects").content.decode().partition('id="archived-title"')
    assert "Gone" not in before
    assert "Gone" in archived
    assert browser(alice).get(pages.of(gone, "budgets")).status_code == 404
