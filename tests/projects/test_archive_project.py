"""Archiving a project, with its name typed."""

import pytest

from accounts.models import Organization, User
from projects import grants, keys
from projects.models import Project
from tests.people import browser
from tests.projects import pages


@pytest.fixture
def bot(organization: Organization) -> Project:
    return Project.objects.create(organization=organization, name="Billing bot")


def _is_archived(project: Project) -> bool:
    project.refresh_from_db()
    return project.archived_at is not None


def test_an_owner_archives_a_project_and_its_keys_stop(alice: User, bot: Project) -> None:
    api_key, _ = keys.generate(bot, name="key", actor=alice)
    assert browser(alice).post(pages.of(bot, "archive"), {"typed_name": "Billing bot"})["Location"] == "/projects"
    assert _is_archived(bot)
    assert grants.of_key(api_key.public_id) is None
    assert "Billing bot" not in browser(alice).get("/keys").content.decode()


@pytest.mark.parametrize("typed", ["", "billing bot", "Billing"])
def test_another_name_archives_nothing(alice: User, bot: Project, typed: str) -> None:
    answer = browser(alice).post(pages.of(bot, "archive"), {"typed_name": typed})
    assert answer.status_code == 422
    assert not _is_archived(bot)


def test_the_default_project_stays(alice: User, project: Project) -> None:
    answer = browser(alice).post(pages.of(project, "archive"), {"typed_name": project.name})
    assert answer.status_code == 403
    assert "default project cannot be archived" in answer.content.decode()
    assert not _is_archived(project)


def test_bob_the_viewer_and_charlie_archive_nothing(bob: User, viewer: User, charlie: User, bot: Project) -> None:
    for person, status in ((bob, 403), (viewer, 403), (charlie, 404)):
        assert browser(person).post(pages.of(bot, "archive"), {"typed_name": bot.name}).status_code == status
    assert not _is_archived(bot)


def test_its_name_stays_taken_and_the_refusal_says_by_what(alice: User, bot: Project) -> None:
    bot.archive()
    answer = browser(alice).post("/projects/new", {"name": "Billing bot"})
    assert "There is an archived project named Billing bot already" in answer.content.decode()
