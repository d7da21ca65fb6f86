"""What Studio says a call will cost before it is sent is what the gateway then holds for it."""

import asyncio
import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from billing.models import Hold
from clod_site.lib import ids, money
from gateway import quoting, studio_views
from projects.models import Project
from tests.gateway.conftest import FAST_LANE, Gateway
from tests.people import browser

QUESTION = {"model": "paris", "messages": [{"role": "user", "content": "What is the capital of France?"}]}
pytestmark = FAST_LANE


def quote(visit: Client, project: Project, body: dict[str, Any] | bytes = b"") -> Any:
    address = f"/studio/quote?project={ids.public('proj', project.pk)}"
    return visit.post(
        address,
        body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":"), ensure_ascii=False),
        content_type="application/json",
    )


@pytest.mark.parametrize(
    "fields",
    [{}, {"max_completion_tokens": 9}, {"n": 3, "max_tokens": 20}, {"tools": [{"type": "function", "function": {"name": "look"}}]}],
    ids=["plain", "limited", "three", "tools"],
)
def test_it_is_the_hold_of_the_call_itself(gateway: Gateway, alice: User, project: Project, fields: dict[str, Any]) -> None:
    told = quote(browser(alice), project, QUESTION | fields).json()["quote"]
    response = gateway.complete(**fields)
    assert response.status_code == 200, response.text
    hold = Hold.objects.get(id=ids.parse_public("req", response.headers["x-request-id"]))
    assert money.usd(told["hold_usd"]) == hold.amount_nanousd
    assert told["price_tick"] == hold.price_tick_id
    assert 0 < money.usd(told["estimate_usd"]) <= hold.amount_nanousd


def test_nothing_is_held_and_nobody_is_called(gateway: Gateway, alice: User, project: Project) -> None:
    assert quote(browser(alice), project, QUESTION).status_code == 200
    assert not Hold.objects.exists()
    assert gateway.upstream.journal == []


def test_it_tells_what_there_is_to_pay_with(gateway: Gateway, alice: User, project: Project) -> None:
    project.daily_cap_nanousd = money.usd("2.00")
    project.save()
    answer = quote(browser(alice), project).json()
    assert answer.keys() == {"means"}, "nothing was asked"
    means = answer["means"]
    assert quote(browser(alice), project, QUESTION).json()["means"] == means
    assert (means["wallet_usd"], means["day_left_usd"], means["month_left_usd"], means["free_left"]) == ("10", "2", None, 100)


def test_a_plan_that_takes_too_long_is_no_quote_and_no_error(
    gateway: Gateway, alice: User, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(*_: object) -> None:
        await asyncio.sleep(5)

    monkeypatch.setattr(studio_views, "WITHIN_S", 0.05)
    monkeypatch.setattr(quoting, "plan", slow)
    answer = quote(browser(alice), project, QUESTION)
    assert answer.status_code == 200
    assert answer.json().keys() == {"means"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (QUESTION | {"temperature": 9}, "invalid_request"),
        (QUESTION | {"model": "pariss"}, "model_not_found"),
        (QUESTION | {"max_completion_tokens": 5000}, "max_output_tokens"),
    ],
)
def test_it_tells_the_refusal_the_call_would_meet(gateway: Gateway, alice: User, project: Project, body: dict[str, Any], code: str) -> None:
    answer = quote(browser(alice), project, body)
    refused = gateway.complete(**body)
    assert answer.json()["error"] == refused.json()["error"]
    assert code in {answer.json()["error"]["code"], "max_output_tokens"}


def test_a_project_keeps_to_its_models(gateway: Gateway, alice: User, project: Project) -> None:
    project.allowed_models.add(gateway.offer("other", "paris"))
    error = quote(browser(alice), project, QUESTION).json()["error"]
    assert error["code"] == "model_not_allowed"
    assert error["message"].startswith("This project may not use"), "there is no key in Studio"


def test_bob_and_a_viewer_may_ask_charlie_and_visitors_may_not(
    gateway: Gateway, project: Project, bob: User, viewer: User, charlie: User
) -> None:
    assert quote(browser(bob), project, QUESTION).status_code == 200
    assert quote(browser(viewer), project, QUESTION).status_code == 200
    assert quote(browser(charlie), project, QUESTION).status_code == 404
    assert quote(browser(), project, QUESTION).status_code == 302


def test_nonsense_is_told_as_nonsense(gateway: Gateway, alice: User, project: Project) -> None:
    assert quote(browser(alice), project, b"{").json()["error"]["code"] == "invalid_request"
    assert browser(alice).post("/studio/quote?project=proj_1", b"{}", content_type="application/json").status_code == 404
