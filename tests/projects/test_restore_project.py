"""An archived project comes back, with its keys; and what its pages tell of members and of what is stored."""

import pytest

from accounts.models import Organization, Role, User
from projects import grants, keys
from projects.models import Project
from tests.people import browser, join, queries_of
from tests.projects import pages


@pytest.fixture
def gone(organization: Organization) -> Project:
    project = Project.objects.create(organization=organization, name="Billing bot")
    project.archive()
    return project


def test_an_admin_restores_it_and_its_keys_work_again(admin: User, gone: Project) -> None:
    good, _ = keys.generate(gone, name="good", actor=admin)
    revoked, _ = keys.generate(gone, name="revoked", actor=admin)
    keys.revoke(revoked, actor=admin)
    assert browser(admin).post(pages.of(gone, "restore"))["Location"] == pages.of(gone)
    assert grants.of_key(good.public_id) is not None
    assert grants.of_key(revoked.public_id) is None
    assert browser(admin).get(pages.of(gone)).status_code == 200


def test_the_message_about_archiving_has_a_button_that_takes_it_back(alice: User, organization: Organization) -> None:
    bot = Project.objects.create(organization=organization, name="Bot")
    page = browser(alice).post(pages.of(bot, "archive"), {"typed_name": "Bot"}, follow=True).content.decode()
    assert f'action="{pages.of(bot, "restore")}"' in page.partition('id="toasts"')[2]


def test_bob_the_viewer_and_charlie_restore_nothing(bob: User, viewer: User, charlie: User, gone: Project) -> None:
    for person, status in ((bob, 403), (viewer, 403), (charlie, 404)):
        assert browser(person).post(pages.of(gone, "restore")).status_code == status
        assert ">Restore<" not in browser(person).get("/projects").content.decode()
    gone.refresh_from_db()
    assert gone.archived_at


def test_who_restores_what_another_tab_has_restored_is_told_so(alice: User, project: Project) -> None:
    answer = browser(alice).post(pages.of(project, "restore"), follow=True)
    assert answer.redirect_chain == [(pages.of(project), 302)]
    assert f"{project.name} is in use." in answer.content.decode()


def test_an_archived_project_s_address_leads_to_where_it_can_be_restored(alice: User, charlie: User, gone: Project) -> None:
    answer = browser(alice).get(pages.of(gone), follow=True)
    assert answer.redirect_chain == [("/projects", 302)]
    assert f"{gone.name} is archived. It can be restored here" in answer.content.decode()
    assert browser(charlie).get(pages.of(gone)).status_code == 404


def test_charlie_does_not_see_what_alice_archived(charlie: User, gone: Project) -> None:
    assert gone.name not in browser(charlie).get("/projects").content.decode()


def test_its_members_are_those_of_the_organization(alice: User, bob: User, viewer: User, project: Project) -> None:
    page = browser(viewer).get(pages.of(project, "members")).content.decode()
    assert all(person.email in page for person in (alice, bob, viewer))
    assert "Uses Studio, and generates and revokes API keys." in page


def test_members_take_as_many_queries_for_ten_as_for_one(alice: User, organization: Organization, project: Project) -> None:
    visit = browser(alice)
    few = queries_of(visit, pages.of(project, "members"))
    for number in range(10):
        join(organization, f"member{number}", Role.VIEWER)
    assert queries_of(visit, pages.of(project, "members")) == few <= 14


def test_the_overview_says_that_bodies_are_not_stored(viewer: User, project: Project) -> None:
    assert "bodies not stored</a>" in browser(viewer).get(pages.of(project)).content.decode()
