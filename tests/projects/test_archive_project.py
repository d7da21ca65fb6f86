"""Archiving a project, with its name typed."""

from typing import Any

import pytest

from accounts.models import Organization, User
from clod_site.lib import ahead
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


def test_who_archives_what_another_tab_has_archived_is_told_so_once_its_calls_have_run_out(
    alice: User, bot: Project, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    bot.archive()
    waited: list[object] = []
    monkeypatch.setattr(ahead, "_waits", [lambda **whose: waited.append(whose["project_id"])])
    with django_capture_on_commit_callbacks(execute=True):
        answer = browser(alice).post(pages.of(bot, "archive"), {"typed_name": "Billing bot"}, follow=True)
    assert waited == [bot.pk]
    assert answer.redirect_chain == [("/projects", 302)]
    assert "Billing bot is archived already." in answer.content.decode()
