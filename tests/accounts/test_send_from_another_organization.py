"""A form says which organization it was drawn for; whoever is in none can start one."""

import re
from html import unescape

import pytest

from accounts.models import Membership, Organization, Role, User
from clod_site.lib import ids
from projects.models import Project
from tests.people import browser, organization_of, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(alice: User, charlie: User) -> Organization:
    """Charlie's, of which Alice is an admin."""
    organization = organization_of(charlie)
    Membership.objects.create(organization=organization, user=alice, role=Role.ADMIN)
    return organization


def test_a_form_of_another_organization_changes_nothing_in_this_one(alice: User, organization: Organization, other: Organization) -> None:
    visit = browser(alice)
    drawn = re.search(r'name="drawn_for" value="(\w+)"', visit.get("/projects/new").content.decode())
    assert drawn
    assert drawn[1] == ids.public("org", organization.pk)
    visit.post("/organization/choose", {"organization": str(other.pk)})
    form = {"name": "Meant for mine", "drawn_for": drawn[1]}
    answer = visit.post("/projects/new", form)
    assert answer.status_code == 409
    assert f"Switch to {organization.name}" in unescape(answer.content.decode())
    assert not Project.objects.filter(name="Meant for mine").exists()
    visit.post("/organization/choose", {"organization": str(organization.pk), "drawn_for": ids.public("org", other.pk)})
    assert visit.post("/projects/new", form).status_code == 302
    assert Project.objects.get(name="Meant for mine").organization == organization


def test_of_an_organization_left_or_never_seen_nothing_is_told(alice: User, charlie: User) -> None:
    theirs = organization_of(charlie)
    for meant in (ids.public("org", theirs.pk), "org_nonsense"):
        answer = browser(alice).post("/projects/new", {"name": "x", "drawn_for": meant})
        assert answer.status_code == 409
        assert theirs.name not in answer.content.decode()


def test_what_is_the_persons_own_is_taken_from_any_tab(alice: User, other: Organization) -> None:
    assert browser(alice).post("/theme", {"theme": "dark", "drawn_for": ids.public("org", other.pk)}).status_code == 302


def test_who_is_in_no_organization_starts_one_and_only_one() -> None:
    nobody = person("nobody")
    visit = browser(nobody)
    answer = visit.get("/projects")
    assert answer.status_code == 403
    assert "Start an organization" in answer.content.decode()
    for _ in range(2):
        assert visit.post("/organization/start").status_code == 302
    assert nobody.memberships.get().role == Role.OWNER
    assert visit.get("/projects").status_code == 200
