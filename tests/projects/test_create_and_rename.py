"""Creating a project, and giving it another name."""

from accounts.models import Organization, User
from projects.models import Project
from tests.people import browser
from tests.projects import pages


def test_an_admin_creates_a_project_without_a_cap(admin: User, organization: Organization) -> None:
    answer = browser(admin).post("/projects/new", {"name": "Billing bot"})
    created = Project.objects.get(name="Billing bot")
    assert answer["Location"] == pages.of(created)
    assert created.organization == organization
    assert created.daily_cap_nanousd is None
    assert not created.is_default


def test_developers_and_viewers_read_why_they_cannot(bob: User, viewer: User) -> None:
    for person in (bob, viewer):
        answer = browser(person).post("/projects/new", {"name": "Mine"})
        assert answer.status_code == 403
        assert "cannot create a project" in answer.content.decode()
    assert not Project.objects.filter(name="Mine").exists()


def test_a_name_is_used_once_in_an_organization_whatever_its_case(alice: User, charlie: User) -> None:
    answer = browser(alice).post("/projects/new", {"name": "DEFAULT"})
    assert answer.status_code == 422
    assert "There is a project named Default already" in answer.content.decode()
    assert browser(charlie).post("/projects/new", {"name": "Staging"}).status_code == 302
    assert browser(alice).post("/projects/new", {"name": "Staging"}).status_code == 302


def test_a_project_needs_a_name(alice: User) -> None:
    assert browser(alice).post("/projects/new", {"name": "   "}).status_code == 422
    assert browser(alice).post("/projects/new", {}).status_code == 422


def test_an_owner_renames_a_project(alice: User, project: Project) -> None:
    browser(alice).post(pages.of(project, "settings"), {"name": "Main"})
    project.refresh_from_db()
    assert project.name == "Main"


def test_a_project_may_keep_its_own_name_but_not_take_anothers(alice: User, organization: Organization, project: Project) -> None:
    Project.objects.create(organization=organization, name="Taken")
    assert browser(alice).post(pages.of(project, "settings"), {"name": project.name}).status_code == 302
    assert browser(alice).post(pages.of(project, "settings"), {"name": "taken"}).status_code == 422


def test_bob_cannot_rename_and_charlie_finds_nothing_to_rename(bob: User, charlie: User, project: Project) -> None:
    assert browser(bob).post(pages.of(project, "settings"), {"name": "Bobs"}).status_code == 403
    assert browser(charlie).post(pages.of(project, "settings"), {"name": "Charlies"}).status_code == 404
    project.refresh_from_db()
    assert project.name == "Default"
