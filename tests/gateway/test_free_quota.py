"""Free models: a hundred a day, then the wallet."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.test import override_settings

from clod_site.lib import clock
from projects.models import Project
from tests.gateway import shop
from tests.gateway.conftest import Gateway


@pytest.fixture
def one_free_request() -> Iterator[None]:
    with override_settings(CLOD_FREE_REQUESTS_PER_DAY=1):
        yield


def _gift(gateway: Gateway) -> None:
    shop.endpoint(shop.model("gift", is_free=True), gateway.upstream.base_url, "paris")


def test_a_free_request_costs_nothing_and_says_what_is_left(gateway: Gateway) -> None:
    _gift(gateway)
    response = gateway.complete("gift")
    assert response.headers["x-clod-paid-by"] == "free"
    assert response.headers["x-clod-free-requests-left"] == "99"
    assert datetime.fromisoformat(response.headers["x-clod-free-requests-reset"]) > clock.now()
    assert response.json()["usage"]["cost"] == 0
    assert response.json()["usage"]["cost_details"]["standard_cost"] == 0.000048
    assert gateway.row(response).cost_nanousd == 0


def test_after_the_last_one_the_wallet_pays_the_standard_rate(gateway: Gateway, one_free_request: None) -> None:
    _gift(gateway)
    gateway.complete("gift")
    response = gateway.complete("gift")
    assert response.headers["x-clod-paid-by"] == "wallet"
    assert gateway.row(response).cost_nanousd == 48_000


def test_an_organization_that_does_not_pay_afterwards_is_told_when_it_resets(
    gateway: Gateway, project: Project, one_free_request: None
) -> None:
    _gift(gateway)
    gateway.complete("gift")
    project.organization.pays_after_free_quota = False
    project.organization.save()
    error = gateway.complete("gift").json()["error"]
    assert error["code"] == "free_quota_exhausted"
    assert datetime.fromisoformat(error["resets_at"]) > clock.now()
    assert len(gateway.upstream.journal) == 1
