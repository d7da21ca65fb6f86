"""Endpoints that an operator drains or ejects get no new calls within a second, and those that are put back get them again."""

import threading
import time
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from activity.models import Request
from catalog import health, versions
from catalog.models import DataCenter, Endpoint, Model
from gateway import snapshots
from tests.admin.staff import member
from tests.gateway import shop
from tests.gateway.conftest import FAST_LANE, Gateway
from tests.gateway.fake_upstream import serving
from tests.gateway.test_stay_within_limits import Gate
from tests.people import browser

pytestmark = FAST_LANE
WITHIN_S = 3  # a second, and what a busy machine takes


@pytest.fixture
def operator(gateway: Gateway) -> Client:
    return browser(member("Operator", "olga"))


def two_sites(gateway: Gateway, address: str = "") -> Model:
    """At dfw, which is cheaper, and at buf."""
    model = shop.model("pair")
    shop.endpoint(model, address or gateway.upstream.base_url, "paris", at="dfw", price_ppm=500_000)
    shop.endpoint(model, gateway.upstream.base_url, "paris", at="buf")
    snapshots.forget()
    return model


def at(slug: str) -> Endpoint:
    return Endpoint.objects.get(model__slug="pair", data_center__slug=slug)


def press(operator: Client, deed: str, endpoint: Endpoint) -> None:
    assert operator.post(reverse(f"admin:catalog_endpoint_{deed}", args=[endpoint.pk])).status_code == 302


def site_of(gateway: Gateway) -> str:
    return gateway.row(gateway.complete("pair@price")).data_center


def gateway_knows() -> bool:
    """Whether it has loaded the newest catalog."""
    known = snapshots._watch.current()
    return known is not None and known.version == versions.current()


def soon(condition: Callable[[], bool], within_s: float = WITHIN_S) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("deed", ["drain", "eject"])
def test_the_next_site_is_chosen_within_a_second_and_the_row_says_why(gateway: Gateway, operator: Client, deed: str) -> None:
    two_sites(gateway)
    assert site_of(gateway) == "dfw"
    press(operator, deed, at("dfw"))
    soon(lambda: site_of(gateway) == "buf")
    row = Request.objects.latest("id")
    assert row.attempts == 1
    gone = row.routing["excluded"][0]
    assert (gone["data_center"], gone["lost"], gone["constraint"]) == ("dfw", f"{deed}ed by an operator", "maintenance")
    press(operator, "put_back", at("dfw"))
    soon(lambda: site_of(gateway) == "dfw")


def test_calls_that_run_there_end_as_if_nothing_had_happened(gateway: Gateway, operator: Client) -> None:
    gate, answers = Gate(), []
    with serving(gate.complete) as address:
        two_sites(gateway, address)
        running = threading.Thread(target=lambda: answers.append(gateway.complete("pair@price")))
        running.start()
        soon(lambda: gate.waiting == 1, 10)
        press(operator, "drain", at("dfw"))
        soon(gateway_knows)
        assert (site_of(gateway), gate.waiting) == ("buf", 1)
        gate.is_open.set()
        running.join(10)
    assert (answers[0].status_code, gateway.row(answers[0]).data_center) == (200, "dfw")


def test_with_none_left_it_says_so_and_when_to_come_back_and_holds_nothing(gateway: Gateway, operator: Client) -> None:
    two_sites(gateway)
    operator.post(reverse("admin:catalog_endpoint_changelist"), {"action": "drain_all", "_selected_action": [at("dfw").pk, at("buf").pk]})
    soon(lambda: gateway.complete("pair@price").status_code == 503)
    count = Request.objects.count()
    refused = gateway.complete("pair")
    error = refused.json()["error"]
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "60")
    assert (error["code"], error["constraint"]) == ("model_not_available", "maintenance")
    assert "2 of its 2 endpoints here take no calls until an operator puts them back" in error["message"]
    assert Request.objects.count() == count
    listed = gateway.client.get("/v1/models").json()["data"]
    assert {model["id"]: model["is_available"] for model in listed}["pair"] is False
    assert gateway.client.get("/v1/prices?model=pair").status_code != 503


def test_one_drained_and_one_that_failed_are_both_told(gateway: Gateway, operator: Client) -> None:
    two_sites(gateway)
    press(operator, "drain", at("dfw"))
    soon(lambda: site_of(gateway) == "buf")
    for _ in range(health.FAILURES_TO_EJECT):
        health.failed(at("buf").pk)
    message = gateway.complete("pair").json()["error"]["message"]
    assert "1 of its 2 endpoints here takes no calls" in message
    assert "The others have failed lately." in message


def test_putting_back_forgets_what_failed_there(gateway: Gateway, operator: Client) -> None:
    two_sites(gateway)
    for _ in range(health.FAILURES_TO_EJECT):
        health.failed(at("dfw").pk)
    assert site_of(gateway) == "buf"
    press(operator, "put_back", at("dfw"))
    soon(lambda: site_of(gateway) == "dfw")
    for _ in range(health.FAILURES_TO_EJECT):  # and once only: what fails afterwards counts
        health.failed(at("dfw").pk)
    versions.bump()
    soon(gateway_knows)
    assert at("dfw").pk in health.unavailable()


def test_a_new_bound_on_calls_at_a_time_reaches_the_gateway(gateway: Gateway, operator: Client) -> None:
    gate = Gate()
    with serving(gate.complete) as address:
        model = two_sites(gateway, address)
        here = at("dfw")
        gateway.complete("paris")  # from now on it watches the catalog
        form = {"model": model.pk, "provider": here.provider_id, "data_center": here.data_center_id, "upstream_model": "paris"}
        form |= {"base_url": here.base_url, "active": "on"}
        page = operator.post(reverse("admin:catalog_endpoint_change", args=[here.pk]), form | {"max_concurrency": "0"})
        assert "greater than or equal to 1" in page.content.decode()
        answer = operator.post(reverse("admin:catalog_endpoint_change", args=[here.pk]), form | {"max_concurrency": "1"})
        assert answer.status_code == 302, answer.context["adminform"].form.errors
        soon(gateway_knows)
        running = threading.Thread(target=gateway.complete, args=("pair@price",))
        running.start()
        soon(lambda: gate.waiting == 1, 10)
        assert site_of(gateway) == "buf"
        gate.is_open.set()
        running.join(10)


def authorization(gateway: Gateway) -> str:
    """As the upstream was sent it last."""
    return next((value for name, value in gateway.upstream.journal[-1].headers.items() if name.lower() == "authorization"), "")


def test_a_data_center_s_own_key_is_sent_and_another_s_is_not(gateway: Gateway) -> None:
    two_sites(gateway)
    site = DataCenter.objects.get(slug="dfw")
    site.set_credential("sk-dfw")
    site.save()
    snapshots.forget()
    gateway.complete("pair@price")
    assert authorization(gateway) == "Bearer sk-dfw"
    Endpoint.objects.filter(data_center=site).update(withheld="drained")
    snapshots.forget()
    gateway.complete("pair@price")
    assert authorization(gateway) == ""


def test_looking_at_the_page_of_a_deed_does_nothing(gateway: Gateway, operator: Client) -> None:
    two_sites(gateway)
    page = operator.get(reverse("admin:catalog_endpoint_drain", args=[at("dfw").pk]))
    assert "go on to their end" in page.content.decode()
    assert at("dfw").withheld == ""
