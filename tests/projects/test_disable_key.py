"""Disabling a key and enabling it again, giving it another name, and choosing its models from the start."""

from datetime import timedelta

import pytest

from accounts.models import Organization, User
from clod_site.lib import clock
from projects import first_call, grants, keys
from projects.models import ApiKey, Project
from tests.people import browser
from tests.projects import pages, shelf

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def api_key(project: Project, alice: User) -> ApiKey:
    return keys.generate(project, name="laptop", actor=alice)[0]


def test_bob_disables_a_key_and_takes_it_back(bob: User, api_key: ApiKey) -> None:
    visit = browser(bob)
    page = visit.post(pages.of_key(api_key, "disable"), follow=True).content.decode()
    assert grants.of_key(api_key.public_id) is None
    assert "This key is disabled" in page
    assert f'action="{pages.of_key(api_key, "enable")}"' in page.partition('id="toasts"')[2], "the message has a button to undo it"
    visit.post(pages.of_key(api_key, "enable"))
    assert grants.of_key(api_key.public_id) is not None


def test_disabling_twice_keeps_the_first_instant(api_key: ApiKey) -> None:
    keys.disable(api_key)
    first = api_key.disabled_at
    keys.disable(api_key)
    assert api_key.disabled_at == first


def test_a_disabled_key_is_not_rotated_but_may_be_revoked(bob: User, api_key: ApiKey) -> None:
    keys.disable(api_key)
    browser(bob).post(pages.of_key(api_key, "rotate"), {"overlap_h": "24"})
    assert ApiKey.objects.count() == 1
    browser(bob).post(pages.of_key(api_key, "revoke"))
    page = browser(bob).get(pages.of_key(api_key)).content.decode()
    assert "revoked" in page
    assert ">Enable<" not in page


def test_enabling_brings_no_revoked_key_back(bob: User, api_key: ApiKey) -> None:
    keys.disable(api_key)
    keys.revoke(api_key, actor=bob)
    browser(bob).post(pages.of_key(api_key, "enable"))
    assert grants.of_key(api_key.public_id) is None


def test_the_list_says_that_it_is_disabled(alice: User, api_key: ApiKey) -> None:
    keys.disable(api_key)
    assert ">disabled<" in browser(alice).get("/keys").content.decode()


@pytest.mark.parametrize(("deed", "form"), [("disable", {}), ("enable", {}), ("name", {"key-name": "mine"})])
def test_the_viewer_and_charlie_change_nothing(viewer: User, charlie: User, api_key: ApiKey, deed: str, form: dict[str, str]) -> None:
    before = ApiKey.objects.values().get()
    assert browser(viewer).post(pages.of_key(api_key, deed), form).status_code == 403
    assert browser(charlie).post(pages.of_key(api_key, deed), form).status_code == 404
    assert browser(viewer).get(pages.of_key(api_key, deed)).status_code == 405
    assert ApiKey.objects.values().get() == before
    assert ">Disable<" not in browser(viewer).get(pages.of_key(api_key)).content.decode()


def test_a_key_gets_another_name_which_is_only_text(bob: User, api_key: ApiKey) -> None:
    visit = browser(bob)
    page = visit.post(pages.of_key(api_key, "name"), {"key-name": EVIL}, follow=True).content.decode()
    assert ApiKey.objects.get().name == EVIL
    assert EVIL not in page
    for name in ("", "  ", "x" * 81):
        answer = visit.post(pages.of_key(api_key, "name"), {"key-name": name}, follow=True).content.decode()
        assert "A key needs a name" in answer
    assert ApiKey.objects.get().name == EVIL


def test_its_expiry_is_changed_and_otherwise_stays_as_it_is(bob: User, api_key: ApiKey) -> None:
    visit, address = browser(bob), pages.of_key(api_key, "restrictions")
    visit.post(address, {"expires": "30"})
    api_key.refresh_from_db()
    first = api_key.expires_at
    assert first is not None
    assert abs(first - clock.now() - timedelta(days=30)) < timedelta(minutes=1)
    for form in ({}, {"requests_per_minute": "5", "expires": ""}):
        visit.post(address, form)
        api_key.refresh_from_db()
        assert api_key.expires_at == first
    visit.post(address, {"expires": "never"})
    api_key.refresh_from_db()
    assert api_key.expires_at is None


def test_an_expired_key_is_not_brought_back(bob: User, api_key: ApiKey) -> None:
    ApiKey.objects.update(expires_at=clock.now())
    assert 'name="expires"' not in browser(bob).get(pages.of_key(api_key, "restrictions")).content.decode()
    browser(bob).post(pages.of_key(api_key, "restrictions"), {"expires": "never"})
    assert grants.of_key(api_key.public_id).valid_until <= clock.now()  # type: ignore[union-attr,operator]


def test_a_new_key_is_limited_to_the_models_that_were_ticked(bob: User, project: Project) -> None:
    small, _ = shelf.model("small"), shelf.model("large")
    form = {"name": "narrow", "project": str(project.pk), "models": [str(small.pk)]}
    page = browser(bob).post("/keys/new", form).content.decode()
    grant = grants.of_key(ApiKey.objects.get().public_id)
    assert grant is not None
    assert grant.models == frozenset({"small"})
    assert "small" in page


def test_the_snippet_names_a_model_that_both_the_project_and_the_key_may_call(project: Project, api_key: ApiKey) -> None:
    one, both, other = shelf.model("one"), shelf.model("both"), shelf.model("other")
    project.allowed_models.set([one, both])
    api_key.allowed_models.set([both, other])
    assert first_call.model_for(project, api_key) == "both"


def test_a_project_without_keys_points_to_the_first_steps(alice: User, viewer: User, organization: Organization, project: Project) -> None:
    assert "/welcome" in browser(alice).get("/projects").content.decode()
    assert "/welcome" not in browser(viewer).get("/projects").content.decode()
    keys.generate(project, name="laptop", actor=alice)
    assert "/welcome" not in browser(alice).get("/projects").content.decode()
