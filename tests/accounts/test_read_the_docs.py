"""The docs: every page opens for everybody, and what it says about errors and addresses is what the gateway does."""

import json

import pytest
from django.conf import settings
from django.test import Client

from accounts import handbook
from accounts.models import User
from clod_site.lib.refusal import Refusal
from gateway import door, pages, pipeline, views
from tests.people import browser

pytestmark = [pytest.mark.django_db, pytest.mark.any_store]
GATEWAY = ("gateway.", "billing.refusals", "catalog.", "projects.")
assert pages, pipeline  # their refusals are known once they are imported


@pytest.mark.parametrize("page", handbook.PAGES, ids=lambda page: page.slug)
def test_every_page_opens_for_visitors_and_members(page: handbook.Page, alice: User) -> None:
    for visit in (browser(), browser(alice)):
        answer = visit.get(page.address)
        assert answer.status_code == 200
        assert "{%" not in answer.content.decode()
        assert f'href="{page.address}" aria-current="page"' in answer.content.decode()


def test_the_tool_that_opens_sealed_logs_can_be_taken_along(client: Client) -> None:
    answer = client.get("/docs/encryption/clod-logs")
    assert answer["Content-Disposition"] == 'attachment; filename="clod-logs"'
    assert answer.getvalue() == (settings.BASE_DIR / "bin" / "clod-logs").read_bytes()
    assert "/docs/encryption/clod-logs" in client.get("/docs/encryption").content.decode()


def test_there_is_no_other_page() -> None:
    assert browser().get("/docs/none").status_code == 404


def test_every_code_of_the_gateway_is_explained_with_its_status() -> None:
    told = {(status, code) for group in handbook.ERRORS for status, code, _ in group.rows}
    real = {(kind.status, kind.code) for kind in _kinds(Refusal) if kind.__module__.startswith(GATEWAY)}
    assert real - told <= {(403, "not_allowed")}, "explain these under Docs › Errors"
    assert told - real == set(), "nothing refuses with these"


def test_the_printed_answer_adds_up() -> None:
    usage = json.loads(handbook.ANSWER)["usage"]
    details = usage["cost_details"]
    cost = (usage["prompt_tokens"] * details["input_usd_per_mtok"] + usage["completion_tokens"] * details["output_usd_per_mtok"]) / 10**6
    assert usage["cost"] == details["standard_cost"] == pytest.approx(cost)
    assert json.loads(handbook.REFUSAL)["error"]["code"] == "project_daily_cap"


def test_the_numbers_are_this_installation_s_own() -> None:
    assert f"{settings.CLOD_FREE_REQUESTS_PER_DAY} free requests a day" in browser().get("/docs/free").content.decode()
    assert f"at most {settings.CLOD_MAX_BODY_BYTES // 1024**2} MiB" in browser().get("/docs/api").content.decode()


def test_every_address_of_the_reference_is_answered() -> None:
    page = browser().get("/docs/api").content.decode()
    for address in ("models", "models/{name}", "requests", "requests/{id}", "usage", "prices/now", "prices"):
        assert f"GET /v1/{address}" in page
        assert any(known == "GET" and pattern.fullmatch(f"/v1/{address}") for known, pattern, _ in door.PATHS)
    assert views.ChatCompletions


def test_the_price_api_is_shown_with_the_reader_s_own_address() -> None:
    page = browser().get("/docs/energy").content.decode()
    assert f"{settings.CLOD_API_URL}/prices/now" in page
    assert f"At most {settings.CLOD_PRICES_PER_MINUTE} requests a minute" in page


def _kinds(kind: type[Refusal]) -> set[type[Refusal]]:
    return {kind} | {each for below in kind.__subclasses__() for each in _kinds(below)}
