"""Generating, seeing and revoking API keys in the dashboard."""

import re
from datetime import timedelta

import pytest

from accounts.models import Organization, User
from clod_site.lib import clock, ids
from projects import grants, keys
from projects.models import ApiKey, Project
from tests.activity import log
from tests.people import browser, queries_of
from tests.projects import pages

HTMX = {"HTTP_HX_REQUEST": "true"}


def _form(project: Project, /, **fields: str) -> dict[str, str]:
    return {"name": "dev-key", "project": str(project.pk), "expires": ""} | fields


def _secret_in(page: str) -> str:
    found = re.search(r"clod_sk_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}", page)
    assert found
    return found[0]


def test_a_developer_generates_a_key_and_sees_it_once_with_endpoint_and_snippets(bob: User, project: Project) -> None:
    visit = browser(bob)
    answer = visit.post("/keys/new", _form(project))
    page = answer.content.decode()
    parts = keys.parse(_secret_in(page))
    api_key = ApiKey.objects.get(name="dev-key")
    assert parts is not None
    assert keys.matches(parts.secret, bytes(api_key.digest), api_key.pepper_id)
    assert api_key.created_by == bob
    assert "/v1/chat/completions" in page
    assert "from openai import OpenAI" in page
    assert "no-store" in answer["Cache-Control"]
    assert parts.secret not in visit.get("/keys").content.decode()


def test_in_the_dialog_only_the_fragment_comes_back(alice: User, project: Project) -> None:
    answer = browser(alice).post("/keys/new", _form(project), **HTMX)  # type: ignore[arg-type]
    assert "<html" not in answer.content.decode()
    assert _secret_in(answer.content.decode())
    refused = browser(alice).post("/keys/new", _form(project, name=""), **HTMX)  # type: ignore[arg-type]
    assert refused.status_code == 422
    assert "<html" not in refused.content.decode()


def test_a_key_may_expire(alice: User, project: Project) -> None:
    browser(alice).post("/keys/new", _form(project, expires="30"))
    expires_at = ApiKey.objects.get().expires_at
    assert expires_at is not None
    assert abs(expires_at - clock.now() - timedelta(days=30)) < timedelta(minutes=1)


WRONG = [{"name": ""}, {"name": "x" * 81}, {"expires": "-1"}, {"expires": "4000"}, {"project": "x"}, {"daily_cap_nanousd": "-1"}]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_form_that_is_wrong_makes_no_key(alice: User, project: Project, wrong: dict[str, str]) -> None:
    assert browser(alice).post("/keys/new", _form(project, **wrong)).status_code == 422
    assert not ApiKey.objects.exists()


def test_a_viewer_reads_why_they_cannot(viewer: User, project: Project) -> None:
    answer = browser(viewer).post("/keys/new", _form(project))
    assert answer.status_code == 403
    assert "a viewer cannot generate API keys" in answer.content.decode()
    assert "Generate key" not in browser(viewer).get("/keys").content.decode()
    assert not ApiKey.objects.exists()


def test_charlie_makes_no_key_in_alices_project_and_sees_none_of_hers(alice: User, charlie: User, project: Project) -> None:
    api_key, _ = keys.generate(project, name="Alices key", actor=alice)
    visit = browser(charlie)
    assert visit.post("/keys/new", _form(project)).status_code == 422
    assert "Alices key" not in visit.get("/keys").content.decode()
    assert str(project.pk) not in visit.get("/keys/new").content.decode()
    for deed in ("revoke", "arrival"):
        assert visit.get(pages.of_key(api_key, deed)).status_code == 404
    assert visit.post(pages.of_key(api_key, "revoke")).status_code == 404
    assert grants.of_key(api_key.public_id) is not None


def test_an_archived_project_gets_no_key(alice: User, organization: Organization) -> None:
    gone = Project.objects.create(organization=organization, name="Gone", archived_at=clock.now())
    assert browser(alice).post("/keys/new", _form(gone)).status_code == 422


def test_a_key_is_revoked_after_a_page_that_names_it(bob: User, project: Project) -> None:
    api_key, _ = keys.generate(project, name="old laptop", actor=bob)
    visit = browser(bob)
    assert "Revoke old laptop?" in visit.get(pages.of_key(api_key, "revoke")).content.decode()
    assert grants.of_key(api_key.public_id) is not None
    assert visit.post(pages.of_key(api_key, "revoke"))["Location"] == "/keys"
    assert grants.of_key(api_key.public_id) is None
    assert "revoked" in visit.get("/keys").content.decode()


def test_a_viewer_revokes_nothing(viewer: User, alice: User, project: Project) -> None:
    api_key, _ = keys.generate(project, name="dev-key", actor=alice)
    assert browser(viewer).post(pages.of_key(api_key, "revoke")).status_code == 403
    assert grants.of_key(api_key.public_id) is not None


def test_the_table_tells_states_apart_and_puts_working_keys_first(alice: User, project: Project) -> None:
    keys.generate(project, name="works", actor=alice)
    keys.generate(project, name="too late", actor=alice, expires_at=clock.now() - timedelta(days=1))
    gone, _ = keys.generate(project, name="gone", actor=alice)
    keys.revoke(gone, actor=alice)
    page = browser(alice).get("/keys").content.decode()
    assert page.index("works") < page.index("too late")
    assert all(f">{state}<" in page for state in ("active", "expired", "revoked"))


def test_a_project_lists_its_own_keys_only(alice: User, project: Project, organization: Organization) -> None:
    other = Project.objects.create(organization=organization, name="Other")
    keys.generate(project, name="in default", actor=alice)
    keys.generate(other, name="in other", actor=alice)
    page = browser(alice).get(pages.of(other, "keys")).content.decode()
    assert "in other" in page
    assert "in default" not in page


def test_the_list_takes_as_many_queries_for_twenty_keys_as_for_one(alice: User, project: Project) -> None:
    visit = browser(alice)
    keys.generate(project, name="first", actor=alice)
    few = queries_of(visit, "/keys")
    for number in range(20):
        keys.generate(project, name=f"key {number}", actor=alice)
    assert queries_of(visit, "/keys") == few <= 14


def test_the_page_waits_for_the_first_request_and_then_links_to_it(alice: User, project: Project) -> None:
    api_key, _ = keys.generate(project, name="dev-key", actor=alice)
    visit = browser(alice)
    waiting = visit.get(pages.of_key(api_key, "arrival")).content.decode()
    assert "Waiting for the first request" in waiting
    assert "every 2s" in waiting
    request = log.call(project, api_key=api_key)
    arrived = visit.get(pages.of_key(api_key, "arrival")).content.decode()
    assert f"/activity/{ids.public('req', request.pk)}" in arrived
    assert "hx-trigger" not in arrived


def test_the_first_steps_begin_with_a_key_in_the_default_project(alice: User, viewer: User) -> None:
    page = browser(alice).get("/welcome").content.decode()
    assert 'value="first-key"' in page
    assert "Generate key" in page
    assert 'name="name"' not in browser(viewer).get("/welcome").content.decode()


def test_nobody_sees_keys_without_logging_in(db: None) -> None:
    for address in ("/keys", "/keys/new", "/welcome"):
        assert browser().get(address)["Location"] == f"/accounts/login/?next={address}"


def _once_in(page: str) -> str:
    found = re.search(r'name="once" value="([^"]+)"', page)
    assert found
    return found[1]


def test_a_reload_makes_no_second_key(alice: User, project: Project) -> None:
    visit = browser(alice)
    form = _form(project, once=_once_in(visit.get("/keys/new").content.decode()))
    assert visit.post("/keys/new", form).status_code == 200
    again = visit.post("/keys/new", form, follow=True)
    assert again.redirect_chain == [("/keys", 302)]
    assert "has generated its key already" in again.content.decode()
    assert visit.post("/keys/new", form, **HTMX)["HX-Redirect"] == "/keys"  # type: ignore[arg-type]
    assert ApiKey.objects.count() == 1
    another = _form(project, once=_once_in(visit.get("/keys/new").content.decode()))
    assert visit.post("/keys/new", another).status_code == 200
    assert ApiKey.objects.count() == 2


def test_a_form_that_was_corrected_makes_its_key(alice: User, project: Project) -> None:
    visit = browser(alice)
    wrong = visit.post("/keys/new", _form(project, name="", once=_once_in(visit.get("/keys/new").content.decode())))
    assert visit.post("/keys/new", _form(project, once=_once_in(wrong.content.decode()))).status_code == 200


def test_a_reload_rotates_no_second_time(alice: User, project: Project) -> None:
    api_key, _ = keys.generate(project, name="dev-key", actor=alice)
    visit, address = browser(alice), pages.of_key(api_key) + "/rotate"
    form = {"overlap_h": "24", "once": _once_in(visit.get(address).content.decode())}
    assert visit.post(address, form).status_code == 200
    assert visit.post(address, form)["Location"] == "/keys"
    assert ApiKey.objects.count() == 2
