"""Studio's short-lived token: who gets one, and everything that ends it."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import Membership, Role, User
from clod_site.lib import clock, ids
from projects.models import Project
from studio import tokens
from studio.models import StudioToken
from tests.people import browser


def ask(visit: Client, project: Project) -> str:
    answer = visit.post("/studio/token", {"project": ids.public("proj", project.pk)})
    assert answer.status_code == 200, answer.content
    secret: str = answer.json()["token"]
    return secret


def test_a_developer_gets_one_that_opens_the_project_for_ten_minutes(bob: User, project: Project) -> None:
    found = tokens.find(ask(browser(bob), project))
    assert found is not None
    assert (found.user, found.project) == (bob, project)
    with time_machine.travel(clock.now() + timedelta(minutes=9, seconds=50)):
        assert StudioToken.objects.filter(expires_at__gt=clock.now()).exists()
    with time_machine.travel(clock.now() + timedelta(minutes=10, seconds=1)):
        assert not StudioToken.objects.filter(expires_at__gt=clock.now()).exists()


def test_it_ends_after_ten_minutes(bob: User, project: Project) -> None:
    secret = ask(browser(bob), project)
    with time_machine.travel(clock.now() + timedelta(minutes=10, seconds=1)):
        assert tokens.find(secret) is None


def test_a_viewer_is_refused_with_the_reason(viewer: User, project: Project) -> None:
    answer = browser(viewer).post("/studio/token", {"project": ids.public("proj", project.pk)})
    assert answer.status_code == 403
    assert "developer role" in answer.json()["error"]["message"]
    assert not StudioToken.objects.exists()


def test_charlie_gets_none_for_alices_project(charlie: User, project: Project) -> None:
    answer = browser(charlie).post("/studio/token", {"project": ids.public("proj", project.pk)})
    assert answer.status_code == 404
    with pytest.raises(tokens.NotYours):
        tokens.issue(charlie, project, "session")


def test_a_visitor_gets_none(project: Project) -> None:
    assert browser().post("/studio/token", {"project": ids.public("proj", project.pk)}).status_code == 302


def test_it_dies_with_the_log_in(bob: User, project: Project) -> None:
    visit = browser(bob)
    secret = ask(visit, project)
    visit.logout()
    assert tokens.find(secret) is None


def test_it_dies_when_the_session_is_gone(bob: User, project: Project) -> None:
    secret = ask(browser(bob), project)
    Session.objects.all().delete()
    assert tokens.find(secret) is None


def test_it_dies_with_the_password(bob: User, project: Project) -> None:
    secret = ask(browser(bob), project)
    bob.set_password("another horse battery")
    bob.save()
    assert tokens.find(secret) is None


@pytest.mark.parametrize("role", [Role.VIEWER, None])
def test_it_dies_with_the_role(bob: User, project: Project, role: Role | None) -> None:
    secret = ask(browser(bob), project)
    membership = Membership.objects.filter(user=bob)
    membership.update(role=role) if role else membership.delete()
    assert tokens.find(secret) is None


@pytest.mark.parametrize("ending", ["project", "organization", "user"])
def test_it_dies_with_what_it_stands_on(bob: User, project: Project, ending: str) -> None:
    secret = ask(browser(bob), project)
    if ending == "project":
        project.archived_at = clock.now()
        project.save()
    elif ending == "organization":
        project.organization.suspended_at = clock.now()
        project.organization.save()
    else:
        bob.is_active = False
        bob.save()
    assert tokens.find(secret) is None


def test_only_a_digest_is_kept(bob: User, project: Project) -> None:
    secret = ask(browser(bob), project)
    row = StudioToken.objects.get()
    kept = " ".join(str(getattr(row, field.attname)) for field in row._meta.fields)
    assert secret not in kept
    assert secret.removeprefix("clod_st_") not in kept
    assert len(bytes(row.digest)) == 32


def test_the_session_s_key_is_not_kept_in_clear(bob: User, project: Project) -> None:
    """Whoever has it is logged in; a list of the admin that was filtered by it told it letter by letter."""
    visit = browser(bob)
    secret = ask(visit, project)
    row = StudioToken.objects.get()
    assert (visit.session.session_key or "?") not in " ".join(str(getattr(row, field.attname)) for field in row._meta.fields)
    assert tokens.find(secret) is not None


def test_a_token_of_the_version_before_opens_while_it_is_replaced(bob: User, project: Project) -> None:
    visit = browser(bob)
    secret = ask(visit, project)
    StudioToken.objects.update(session_key=visit.session.session_key, session_sealed="")
    assert tokens.find(secret) is not None


def test_a_token_whose_session_no_key_opens_is_dead(bob: User, project: Project) -> None:
    secret = ask(browser(bob), project)
    StudioToken.objects.update(session_sealed="gAAAA-of-another-key")
    assert tokens.find(secret) is None


def test_a_token_from_before_a_pepper_rotation_still_opens(bob: User, project: Project, settings: object) -> None:
    secret = ask(browser(bob), project)
    settings.CLOD_KEY_PEPPERS = ("a new pepper", *settings.CLOD_KEY_PEPPERS)  # type: ignore[attr-defined]
    assert tokens.find(secret) is not None


@pytest.mark.parametrize("text", ["", "clod_st_", "clod_st_" + "0" * 43, "clod_sk_" + "0" * 43, "clod_st_" + "é" * 43, "\x00" * 51])
def test_nonsense_opens_nothing(db: None, text: str) -> None:
    assert tokens.find(text) is None


def test_asking_again_removes_the_ones_that_ended(bob: User, project: Project) -> None:
    visit = browser(bob)
    ask(visit, project)
    StudioToken.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    ask(visit, project)
    assert StudioToken.objects.count() == 1


def test_the_answer_is_not_kept_by_any_cache(bob: User, project: Project) -> None:
    answer = browser(bob).post("/studio/token", {"project": ids.public("proj", project.pk)})
    assert "no-store" in answer["Cache-Control"]


def test_another_site_cannot_ask_for_one(bob: User, project: Project) -> None:
    visit = Client(enforce_csrf_checks=True)
    visit.force_login(bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert visit.post("/studio/token", {"project": ids.public("proj", project.pk)}).status_code == 403
