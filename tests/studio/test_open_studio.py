"""The Studio page: who may send, which projects and models it offers, and the conversation as code."""

import json
from typing import Any

from django.test import Client

from accounts.models import User
from catalog import prices
from clod_site.lib import clock
from projects.models import Project
from tests.catalog import stock
from tests.people import browser

FEED = {stock.NODES["nva"]: 30.0}


def offered(visit: Client) -> dict[str, Any]:
    answer = visit.get("/studio")
    assert answer.status_code == 200
    data: dict[str, Any] = answer.context["data"]
    return data


def test_what_can_be_called_comes_first(alice: User) -> None:
    stock.third_party("aaa", is_free=False).endpoints.update(active=False)
    stock.hosted("nva", is_free=True)
    prices.recompute(clock.now(), stock.ScriptedFeed(FEED))
    models = offered(browser(alice))["models"]
    assert [(model["slug"], model["available"]) for model in models] == [("llama", True), ("aaa", False)]
    assert (models[0]["free"], models[0]["output"][:4], models[0]["context"]) == (True, "$0.8", "8K")
    assert (models[1]["free"], models[1]["missing"]) == (False, "no endpoint serves it")


def test_only_models_that_chat_are_offered(alice: User) -> None:
    stock.model("vectors", operations=["embeddings"])
    stock.model("words")
    assert [model["slug"] for model in offered(browser(alice))["models"]] == ["words"]


def test_charlie_is_offered_none_of_alices_projects(charlie: User, project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(name="Secret project")
    page = browser(charlie).get("/studio").content.decode()
    assert "Secret project" not in page


def test_archived_projects_are_not_offered_and_limits_are_told(bob: User, project: Project) -> None:
    Project.objects.create(organization=project.organization, name="Old", archived_at=clock.now())
    project.allowed_models.add(stock.hosted("nva"))
    assert [(each["name"], each["models"]) for each in offered(browser(bob))["projects"]] == [("Default", ["llama"])]


def test_a_viewer_can_look_but_not_send(viewer: User) -> None:
    page = browser(viewer).get("/studio").content.decode()
    assert "You are a viewer" in page
    assert 'name="prompt" rows="1"' in page
    assert " disabled" in page.split('name="prompt"')[1].split(">")[0]


def test_a_visitor_is_sent_to_the_log_in(db: None) -> None:
    assert browser().get("/studio")["Location"].startswith("/accounts/login/")


def test_a_project_name_cannot_break_out_of_the_page(alice: User, project: Project) -> None:
    evil = "</script><script>alert(1)</script>"
    Project.objects.filter(pk=project.pk).update(name=evil)
    assert evil not in browser(alice).get("/studio").content.decode()


def test_the_page_has_no_script_or_style_of_its_own(alice: User) -> None:
    """The content security policy would refuse them."""
    page = browser(alice).get("/studio").content.decode()
    assert "onclick" not in page
    assert page.count("<script") == page.count("<script src=") + page.count('<script type="module" src=') + page.count(
        'type="application/json"'
    )


def test_the_conversation_is_written_as_code(alice: User, settings: Any) -> None:
    body = {"model": "llama", "messages": [{"role": "user", "content": "it's <b>"}], "temperature": 0.2, "max_completion_tokens": 9}
    answer = browser(alice).post("/studio/code", json.dumps(body), content_type="application/json")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert f"{settings.CLOD_API_URL}/chat/completions" in page
    assert "<b>" not in page.replace("<b></b>", "")
    assert "max_completion_tokens" in page


def test_a_conversation_that_is_none_is_refused_with_a_reason(alice: User) -> None:
    answer = browser(alice).post("/studio/code", "{", content_type="application/json")
    assert answer.status_code == 400
    assert "cannot be written as code" in answer.json()["error"]["message"]
