"""``/metrics``: everything docs/metrics.md promises and nothing else, for those who may read it, soon, whatever the stores do."""

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import msgspec
import pytest
from django.test import override_settings
from prometheus_client.parser import text_string_to_metric_families

from clod_site import page_log
from clod_site.lib import measures
from gateway import readings, scrape
from gateway.calls import Call
from gateway.errors import NoSuchPath
from tests.gateway.conftest import FAST_LANE, Gateway

DOCS = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"
TOKEN = "correct-horse-battery-staple-correct"
OUTSIDE = "203.0.113.7"


@pytest.fixture(autouse=True)
def unread() -> Iterator[None]:
    readings.forget()
    yield
    readings.forget()


def call(address: str, authorization: str = "", **headers: str) -> Call:
    return Call(b"", authorization, address=address, header=lambda name: headers.get(name.replace("-", "_"), ""))


def samples(text: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Values by name and labels; raises for what Prometheus would not take."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            row = found.setdefault(sample.name, {})
            key = tuple(sorted(sample.labels.items()))
            assert key not in row, f"{sample.name}{key} is there twice"
            row[key] = sample.value
    return found


@FAST_LANE
def test_it_tells_of_calls_and_stores(gateway: Gateway) -> None:
    gateway.stream()
    gateway.complete("nobody")
    row = gateway.settled()
    answer = httpx2.get(f"{gateway.url}/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    told = samples(answer.text)
    dfw = {"operation": "chat", "kind": "data_center", "status": "ok"}
    assert told["clod_call_seconds_count"][tuple(sorted(dfw.items()))] >= 1
    assert told["clod_tokens_total"][(("direction", "out"), ("kind", "data_center"))] >= row.completion_tokens > 0
    assert told["clod_charged_usd_total"][(("kind", "data_center"),)] >= row.cost_nanousd / 1e9 > 0
    assert told["clod_refused_total"][(("code", "model_not_found"),)] >= 1
    assert told["clod_ledger_batch_operations_count"][()] >= 2
    assert told["clod_holds_open"][()] == 0
    assert told["clod_price_tick_age_seconds"][()] > 0
    assert told["clod_connections_open"][()] >= 1
    assert told["clod_catalog_age_seconds"][()] < 30
    assert told["process_cpu_seconds_total"][()] > 0


def test_the_docs_name_every_measure_and_no_other() -> None:
    assert page_log.seconds in measures.ours()
    named = set(re.findall(r"^\| `(clod_\w+)", DOCS.read_text(), re.MULTILINE))
    assert named == {measure.name for measure in measures.ours()}


def test_the_docs_know_every_label() -> None:
    rows = dict(re.findall(r"^\| `(clod_\w+)` \|([^|]*)\|", DOCS.read_text(), re.MULTILINE))
    for measure in measures.ours():
        assert set(re.findall(r"`(\w+)`", rows[measure.name])) == set(measure.labels), measure.name


def test_the_token_opens_it_from_everywhere() -> None:
    with override_settings(CLOD_METRICS_TOKEN=TOKEN):
        assert scrape.may_read(call(OUTSIDE, f"Bearer {TOKEN}"))
        assert scrape.may_read(call(OUTSIDE, f"bearer {TOKEN}", x_forwarded_for=OUTSIDE))
        assert not scrape.may_read(call(OUTSIDE, f"Bearer {TOKEN[:-1]}é"))
        assert not scrape.may_read(call(OUTSIDE))
    assert not scrape.may_read(call(OUTSIDE, "Bearer "))


def test_this_machine_needs_none_but_who_comes_through_its_proxy_does() -> None:
    assert scrape.may_read(call("127.0.0.1"))
    assert scrape.may_read(call("::1"))
    assert scrape.may_read(call("::ffff:127.0.0.1"))
    for header in ("x_forwarded_for", "forwarded", "x_real_ip", "via"):
        assert not scrape.may_read(call("127.0.0.1", **{header: OUTSIDE}))
    assert not scrape.may_read(call(""))
    assert not scrape.may_read(call("10.0.0.5"))


def test_named_networks_need_none() -> None:
    from ipaddress import ip_network

    with override_settings(CLOD_METRICS_NETWORKS=(ip_network("10.0.0.0/8"),)):
        assert scrape.may_read(call("10.0.0.5"))
        assert not scrape.may_read(call("10.0.0.5", x_forwarded_for=OUTSIDE))
        assert not scrape.may_read(call(OUTSIDE))


@pytest.mark.usefixtures("ledger_db")
def test_a_stranger_is_told_what_they_are_told_of_any_page_that_is_not_there(site: str) -> None:
    stranger = {"x-forwarded-for": OUTSIDE}
    refused = httpx2.get(f"{site}/metrics", headers=stranger)
    assert refused.status_code == 404
    assert refused.json()["error"]["code"] == NoSuchPath.code
    assert "clod_" not in refused.text.replace(refused.headers["x-request-id"], "")


@pytest.mark.usefixtures("ledger_db")
def test_the_stores_are_read_once_in_ten_seconds(site: str) -> None:
    ages = [samples(httpx2.get(f"{site}/metrics").text)["clod_stores_read_age_seconds"][()] for _ in range(3)]
    assert ages == sorted(ages)
    assert ages[-1] > ages[0]


@pytest.mark.usefixtures("ledger_db")
def test_a_store_that_does_not_answer_keeps_nobody_waiting(site: str) -> None:
    """Whoever reads them has not come back; the last readings are told, with their age."""
    httpx2.get(f"{site}/metrics")
    assert readings._known
    readings._known = msgspec.structs.replace(readings._known, read_at=readings._known.read_at - 60)
    comes_back = threading.Event()
    readings._reader.submit(comes_back.wait)
    began = time.monotonic()
    told = samples(httpx2.get(f"{site}/metrics").text)
    took_s = time.monotonic() - began
    comes_back.set()
    assert took_s < 1
    assert told["clod_stores_read_age_seconds"][()] > 60
    assert "clod_holds_open" in told


def test_a_measure_takes_a_bounded_number_of_labels() -> None:
    counter = measures.Counter.__new__(measures.Counter)
    counter._sums = {}
    for number in range(1000):
        counter.add(1, str(number))
    assert len(counter._sums) == measures.MOST_VALUES + 1
    assert counter.value(measures.OTHER) == 1000 - measures.MOST_VALUES
