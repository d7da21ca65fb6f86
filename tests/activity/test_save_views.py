"""Saved views: a filter and its chart under a name, one's own or shared, changed, deleted and brought back."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import Membership, Organization, User
from activity import saved
from activity.models import SavedView
from clod_site.lib import clock, ids
from projects import keys
from projects.models import Project
from tests.activity.log import call
from tests.people import browser, queries_of

QUERY = "model=llama&status=errors&range=7d&metric=cost&by=model"


def member_of(user: User) -> Membership:
    return Membership.objects.get(user=user)


def view_of(user: User, name: str = "Errors", query: str = QUERY, *, is_shared: bool = False) -> SavedView:
    return saved.create(member_of(user), name, query, is_shared=is_shared)


def public(view: SavedView) -> str:
    return ids.public("view", view.pk)


def post(user: User, view: SavedView, deed: str, **fields: str) -> Any:
    return browser(user).post(f"/activity/views/{public(view)}/{deed}", fields)


def listed(visit: Client) -> list[str]:
    return [row.view.name for row in visit.get("/activity/views").context["rows"]]


def test_what_is_shown_is_saved_under_a_name_and_opened_again(alice: User, project: Project) -> None:
    call(project)
    visit = browser(alice)
    answer = visit.post("/activity/views/new", {"name": " Errors ", "query": f"?{QUERY}&cursor=req_x&status=nonsense"})
    view = SavedView.objects.get()
    assert (view.name, view.query, view.is_shared, view.owner) == ("Errors", QUERY, False, alice)
    assert answer["Location"] == f"/activity?{QUERY}&view={public(view)}"
    assert visit.get(f"/activity/views/{public(view)}")["Location"] == answer["Location"]
    opened = visit.get(answer["Location"])
    assert opened.context["view"] == view
    assert opened.context["board"].shown.by == "model"
    assert not opened.context["is_view_changed"]


def test_without_a_dialog_it_is_a_page_that_says_what_is_saved(alice: User) -> None:
    shown = browser(alice).get(f"/activity/views/new?{QUERY}").content.decode()
    assert "Model: llama · Status: All errors · Last 7 days · Cost by model" in shown


def test_a_filter_that_was_changed_keeps_its_view_and_can_become_it(alice: User, project: Project) -> None:
    call(project)
    view, visit = view_of(alice), browser(alice)
    changed = visit.get(f"/activity?model=llama&view={public(view)}")
    assert changed.context["may_update_view"]
    assert f"view={public(view)}" in changed.context["chips"][0].query
    answer = visit.post(f"/activity/views/{public(view)}/update", {"query": f"model=llama&view={public(view)}"})
    view.refresh_from_db()
    assert view.query == "model=llama"
    assert not visit.get(answer["Location"]).context["may_update_view"]


@pytest.mark.parametrize("name", ["errors", "ERRORS "])
def test_names_are_unique_for_their_owner_and_for_nobody_else(alice: User, bob: User, name: str) -> None:
    view_of(alice)
    refused = browser(alice).post("/activity/views/new", {"name": name, "query": QUERY})
    assert "You have a view named Errors already" in refused.content.decode()
    assert browser(bob).post("/activity/views/new", {"name": name, "query": QUERY}).status_code == 302
    with pytest.raises(IntegrityError), transaction.atomic():
        view_of(alice, name.strip())


def test_nobody_has_more_than_fifty(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(saved.MOST):
        view_of(alice, f"View {number}")
    assert "as many as there can be" in browser(alice).post("/activity/views/new", {"name": "x", "query": ""}).content.decode()


def test_a_view_is_its_owner_s_alone_until_it_is_shared(alice: User, bob: User, viewer: User) -> None:
    view = view_of(bob)
    assert [listed(browser(person)) for person in (bob, alice, viewer)] == [["Errors"], [], []]
    assert browser(alice).get(f"/activity/views/{public(view)}").status_code == 404
    post(bob, view, "edit", name="All errors", is_shared="on")
    assert [listed(browser(person)) for person in (bob, alice, viewer)] == [["All errors"]] * 3
    post(bob, view, "edit", name="All errors")
    assert listed(browser(alice)) == []


def test_a_viewer_saves_views_and_shares_none(viewer: User, alice: User) -> None:
    browser(viewer).post("/activity/views/new", {"name": "Mine", "query": QUERY, "is_shared": "on"})
    assert not SavedView.objects.get().is_shared
    assert b"is_shared" not in browser(viewer).get("/activity/views/new").content
    assert listed(browser(alice)) == []


def test_what_was_shared_before_its_owner_became_a_viewer_stays_shared(bob: User) -> None:
    view = view_of(bob, is_shared=True)
    Membership.objects.filter(user=bob).update(role="viewer")
    post(bob, view, "edit", name="Renamed")
    view.refresh_from_db()
    assert (view.name, view.is_shared) == ("Renamed", True)


def test_others_open_a_shared_view_and_change_nothing_of_it(bob: User, viewer: User, alice: User) -> None:
    view = view_of(bob, is_shared=True)
    for person in (viewer, alice):
        assert browser(person).get(f"/activity/views/{public(view)}").status_code == 302
        assert [post(person, view, deed, name="x", query="").status_code for deed in ("edit", "update")] == [403, 403]
    assert post(viewer, view, "delete").status_code == 403
    assert post(alice, view, "delete").status_code == 302


@pytest.mark.parametrize("deed", ["", "/edit", "/update", "/delete", "/restore"])
def test_for_charlie_it_does_not_exist(alice: User, charlie: User, deed: str) -> None:
    view = view_of(alice, is_shared=True)
    visit = browser(charlie)
    asked = [public(view), ids.public("view", ids.uuid7())]
    for method in (visit.get, visit.post):
        theirs, nobodys = (method(f"/activity/views/{each}{deed}") for each in asked)
        assert theirs.status_code == nobodys.status_code
        assert theirs.status_code in (404, 405)
        assert theirs.content.replace(asked[0].encode(), b"") == nobodys.content.replace(asked[1].encode(), b"")
    assert listed(visit) == []
    assert not SavedView.objects.get().deleted_at


def test_a_visitor_is_sent_to_the_log_in(db: None) -> None:
    assert browser().get("/activity/views")["Location"].startswith("/accounts/login/")


def test_what_was_deleted_can_be_brought_back_for_a_day(alice: User, bob: User, time_machine: Any) -> None:
    view, visit = view_of(alice), browser(alice)
    answer = visit.post(f"/activity/views/{public(view)}/delete")
    assert listed(browser(alice)) == []
    told = visit.get(answer["Location"]).content.decode()
    assert "Errors was deleted." in told
    assert f'action="/activity/views/{public(view)}/restore"' in told
    assert post(bob, view, "restore").status_code == 404
    post(alice, view, "restore")
    assert listed(browser(alice)) == ["Errors"]
    post(alice, view, "delete")
    time_machine.move_to(clock.now() + timedelta(hours=25))
    assert post(alice, view, "restore").status_code == 404
    post(alice, view_of(alice, "Another"), "delete")
    assert [each.name for each in SavedView.objects.all()] == ["Another"]


def test_one_that_is_brought_back_does_not_take_another_s_name(alice: User) -> None:
    view = view_of(alice)
    post(alice, view, "delete")
    view_of(alice)
    visit = browser(alice)
    answer = visit.post(f"/activity/views/{public(view)}/restore", follow=True)
    assert "There is another view of that name now" in answer.content.decode()
    assert listed(visit) == ["Errors"]


def test_a_view_that_names_what_is_gone_opens_without_it_and_says_so(alice: User, project: Project) -> None:
    other = Project.objects.create(organization=project.organization, name="Short-lived")
    api_key, _ = keys.generate(other, name="n8n", actor=alice)
    row, visit = call(project), browser(alice)
    query = f"project={ids.public('proj', other.pk)}&key={api_key.public_id}&status=ok"
    view = view_of(alice, query=query)
    assert "Project: Short-lived · Key: n8n · Status: Ok" in visit.get("/activity/views").content.decode()
    api_key.delete()
    other.delete()
    opened = visit.get(f"/activity/views/{public(view)}", follow=True)
    assert opened.context["page"].rows == [row]
    assert "meant nothing and was left out: Project, Key." in opened.content.decode()
    assert "Project: one that is gone" in visit.get("/activity/views").content.decode()


def test_the_page_of_a_view_that_is_gone_says_so(alice: User, project: Project) -> None:
    call(project)
    shown = browser(alice).get(f"/activity?status=ok&view={ids.public('view', ids.uuid7())}")
    assert "left out: Saved view." in shown.content.decode()
    assert "view=" not in shown.context["board"].query


def test_somebody_else_s_project_and_one_that_never_was_are_left_out_alike(charlie: User, alice: User, project: Project) -> None:
    theirs = Project.objects.get(organization__memberships__user=charlie)
    call(theirs)
    api_key, _ = keys.generate(project, name="n8n", actor=alice)
    visit = browser(charlie)
    foreign = visit.get(f"/activity?project={ids.public('proj', project.pk)}&key={api_key.public_id}")
    nobodys = visit.get(f"/activity?project={ids.public('proj', ids.uuid7())}&key=000000000000")
    assert foreign.context["dropped"] == nobodys.context["dropped"] == ["Project", "Key"]
    assert foreign.context["page"].rows == nobodys.context["page"].rows != []


def test_names_are_shown_as_text(alice: User, bob: User, organization: Organization, project: Project) -> None:
    evil = "<script>alert(1)</script>"
    bob.name = evil
    bob.save()
    call(project)
    view = view_of(bob, evil, f"q={evil}", is_shared=True)
    for visit in (browser(alice), browser(bob)):
        for address in ("/activity/views", f"/activity?view={public(view)}", f"/activity/views/new?q={evil}"):
            shown = visit.get(address).content.decode()
            assert evil not in shown
            assert "&lt;script&gt;" in shown


def test_many_views_take_as_many_queries_as_one(alice: User, project: Project) -> None:
    call(project)
    query = f"project={ids.public('proj', project.pk)}&key=studio"
    visit = browser(alice)
    view_of(alice, "First", query)
    few = queries_of(visit, "/activity/views"), queries_of(visit, "/activity")
    for number in range(20):
        view_of(alice, f"View {number}", query, is_shared=True)
    assert (queries_of(visit, "/activity/views"), queries_of(visit, "/activity")) == few
