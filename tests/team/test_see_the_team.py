"""Who is in the organization, and working in another one of one's own."""

from accounts.models import Membership, Organization, Role, User
from projects.models import Project
from tests.people import browser, join, organization_of, queries_of


def test_all_members_see_the_team(alice: User, bob: User, viewer: User) -> None:
    for person in (alice, bob, viewer):
        page = browser(person).get("/team").content.decode()
        assert all(member.email in page for member in (alice, bob, viewer))


def test_charlie_sees_nobody_of_alices_team(charlie: User, bob: User) -> None:
    assert bob.email not in browser(charlie).get("/team").content.decode()


def test_the_page_takes_as_many_queries_for_ten_members_as_for_one(alice: User, organization: Organization) -> None:
    visit = browser(alice)
    few = queries_of(visit, "/team")
    for number in range(10):
        join(organization, f"member{number}", Role.VIEWER)
    assert queries_of(visit, "/team") == few <= 14


def test_a_member_of_two_organizations_switches_between_them(alice: User, charlie: User) -> None:
    theirs = organization_of(charlie)
    Membership.objects.create(organization=theirs, user=alice, role=Role.VIEWER)
    Project.objects.create(organization=theirs, name="Charlies secret")
    visit = browser(alice)
    assert "Charlies secret" not in visit.get("/projects").content.decode()
    assert visit.post("/organization/choose", {"organization": str(theirs.pk)})["Location"] == "/projects"
    assert "Charlies secret" in visit.get("/projects").content.decode()


def test_an_organization_of_others_cannot_be_chosen(alice: User, charlie: User) -> None:
    for choice in (str(organization_of(charlie).pk), "", "nonsense"):
        assert browser(alice).post("/organization/choose", {"organization": choice}).status_code == 404


def test_somebody_who_left_falls_back_to_their_own(alice: User, charlie: User) -> None:
    theirs = organization_of(charlie)
    membership = Membership.objects.create(organization=theirs, user=alice)
    visit = browser(alice)
    visit.post("/organization/choose", {"organization": str(theirs.pk)})
    membership.delete()
    assert theirs.name not in visit.get("/projects").content.decode()


def test_somebody_without_an_organization_reads_why_there_is_nothing(alice: User) -> None:
    Membership.objects.all().delete()
    answer = browser(alice).get("/projects")
    assert answer.status_code == 403
    assert "You are in no organization" in answer.content.decode()
