"""The public price API, through both doors: what it tells, for whom, and how caches may keep it."""

import csv
import io
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import pytest
from django.test import override_settings

from catalog import prices as price_job
from catalog import versions
from catalog.energy.feeds import live
from catalog.models import DeliveredPrice, Model, PriceTick
from clod_site.lib import clock
from clod_site.lib.described import ErrorSerializer
from gateway import prices, snapshots
from gateway.prices import answers, asked, kept, visitors
from gateway.prices.serializers import PriceHistorySerializer, PricesSerializer
from tests.catalog import stock
from tests.gateway.conftest import FAST_LANE, Gateway
from tests.gateway.test_ask_about_models_and_keys import assert_described
from tests.gateway.test_lose_the_database import database_away

HOUR = timedelta(hours=1)
A_DAY = pytest.mark.parametrize("days", [1], ids=["a day"])


@pytest.fixture
def days() -> float:
    return stock.TWO_HOURS


@pytest.fixture
def market(gateway: Gateway, days: float, now_stays_now: None) -> Iterator[Gateway]:
    """Prices of so many days at two data centers, a model that is hosted there, one of a third party; and nobody has a key."""
    stock.hosted("nva okc")
    stock.third_party(name="GPT 4o")
    price_job.backfill(clock.now(), days)
    snapshots.forget()
    del gateway.client.headers["authorization"]
    with override_settings(CLOD_PRICES_PER_MINUTE=0):
        yield gateway


def ask(gateway: Gateway, query: str = "", **headers: str) -> httpx2.Response:
    """``query`` begins with the rest of the address, if there is one."""
    address = gateway.path.removesuffix("/chat/completions") + "/prices" + query
    return gateway.client.get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})


def told(gateway: Gateway, query: str = "", status: int = 200, **headers: str) -> Any:
    response = ask(gateway, query, **headers)
    assert response.status_code == status, response.text
    return response.json()


def refused(gateway: Gateway, query: str, status: int = 400) -> dict[str, Any]:
    error: dict[str, Any] = told(gateway, query, status)["error"]
    assert_described({"error": error}, ErrorSerializer())
    return error


def rows(response: httpx2.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.text, newline="")))


def number(cell: str) -> float | None:
    return float(cell) if cell else None


# --- now -----------------------------------------------------------------------------------------


def test_now_tells_the_reference_the_data_centers_and_every_model(market: Gateway) -> None:
    answer = told(market, "/now")
    assert_described(answer, PricesSerializer())
    newest = DeliveredPrice.objects.filter(data_center__slug="nva").latest("interval_start")
    assert datetime.fromisoformat(answer["as_of"]) == newest.interval_start
    assert datetime.fromisoformat(answer["next_update_at"]) == newest.interval_start + timedelta(minutes=5)
    assert answer["reference"]["usd_per_mwh"] == round(newest.reference_microusd_per_mwh / 1e6, 4)
    assert answer["reference"]["day"] == answer["as_of"][:10]
    sites = {site["id"]: site for site in answer["data_centers"]}
    assert sites["nva"]["electricity_usd_per_mwh"] == round(newest.smoothed_microusd_per_mwh / 1e6, 4)
    assert (sites["nva"]["source"], sites["nva"]["freshness"], sites["nva"]["market"]) == ("demo feed", "fresh", "PJM")
    models = {model["id"]: model for model in answer["models"]}
    tick = PriceTick.objects.get(pk=models["llama"]["price_tick"])
    assert models["llama"]["price_now"]["output_usd_per_mtok"] == tick.output_nanousd_per_mtok / 1e9
    assert models["llama"]["multiplier"] == tick.multiplier_ppm / 1e6
    assert (models["gpt"]["label"], models["gpt"]["data_center"], models["gpt"]["fee_basis_points"]) == ("Third-party", None, 500)
    assert "endpoints" not in models["llama"]


def test_a_price_now_is_what_a_call_is_charged(market: Gateway) -> None:
    (model,) = [model for model in told(market, "/now")["models"] if model["id"] == "paris"]
    market.client.headers["authorization"] = f"Bearer {market.key}"
    answer = market.complete("paris")
    assert answer.headers["x-clod-price-tick"] == str(model["price_tick"])
    assert answer.headers["x-clod-data-center"] == model["data_center"]


@pytest.mark.parametrize("name", ["llama", "Llama", "vendor/llama", "vendor%2Fllama", "LLAMA"])
def test_a_model_by_any_of_its_names_is_told_with_its_endpoints(market: Gateway, name: str) -> None:
    answer = told(market, f"/now?model={name}")
    assert_described(answer, PricesSerializer())
    (model,) = answer["models"]
    assert [endpoint["data_center"] for endpoint in model["endpoints"]] == ["nva", "okc"]
    assert {name: model[name] for name in model["endpoints"][0]} in model["endpoints"]


def test_models_and_data_centers_may_be_named_several_times(market: Gateway) -> None:
    answer = told(market, "/now?model=llama&model=GPT%204o&model=llama&data_center=OKC&data_center=nva")
    assert [model["id"] for model in answer["models"]] == ["llama"]
    assert [site["id"] for site in answer["data_centers"]] == ["nva", "okc"]
    assert [model["id"] for model in told(market, "/now?model=llama&model=GPT+4o")["models"]] == ["gpt", "llama"]


def test_before_the_first_price_there_is_little_to_tell(gateway: Gateway) -> None:
    answer = told(gateway, "/now")
    assert_described(answer, PricesSerializer())
    assert (answer["as_of"], answer["next_update_at"], answer["reference"]["usd_per_mwh"]) == (None, None, None)
    assert answer["models"][0]["is_available"]
    assert told(gateway, "?model=paris")["routed"]["multiplier"] == [None] * 288


def test_what_a_market_does_not_let_pass_on_is_left_out(market: Gateway) -> None:
    DeliveredPrice.objects.filter(data_center__slug="nva").update(source="pjm")
    sites = {site["id"]: site for site in told(market, "/now")["data_centers"]}
    assert (sites["nva"]["wholesale_usd_per_mwh"], sites["nva"]["delivered_usd_per_mwh"]) == (None, None)
    assert sites["nva"]["electricity_usd_per_mwh"] is not None
    assert sites["nva"]["source"] == live.MARKETS["pjm"].LABEL
    assert sites["okc"]["delivered_usd_per_mwh"] is not None


# --- history -------------------------------------------------------------------------------------


@A_DAY
def test_a_history_is_the_last_day_in_five_minutes(market: Gateway) -> None:
    answer = told(market, "?model=llama")
    assert_described(answer, PriceHistorySerializer())
    assert (answer["step"], answer["step_s"]) == ("5m", 300)
    assert answer["end"] == told(market, "/now")["next_update_at"]
    assert datetime.fromisoformat(answer["end"]) - datetime.fromisoformat(answer["start"]) == 24 * HOUR
    for line in (answer["routed"], *answer["data_centers"]):
        assert {len(line[name]) for name in line if isinstance(line[name], list)} == {288}
        assert None not in line["output_usd_per_mtok"]
    for row in DeliveredPrice.objects.filter(data_center__slug="okc"):
        place = (row.interval_start - datetime.fromisoformat(answer["start"])) // timedelta(minutes=5)
        assert answer["data_centers"][1]["electricity_usd_per_mwh"][place] == round(row.smoothed_microusd_per_mwh / 1e6, 4)
        assert answer["reference_usd_per_mwh"][place] == round(row.reference_microusd_per_mwh / 1e6, 4)


def test_its_last_price_is_the_price_now(market: Gateway) -> None:
    answer, (now,) = told(market, "?model=llama"), told(market, "/now?model=llama")["models"]
    assert answer["routed"]["data_center"][-1] == now["data_center"]
    assert answer["routed"]["output_usd_per_mtok"][-1] == now["price_now"]["output_usd_per_mtok"]
    last = {site["id"]: (site["input_usd_per_mtok"][-1], site["multiplier"][-1]) for site in answer["data_centers"]}
    for endpoint in now["endpoints"]:
        assert last[endpoint["data_center"]] == (endpoint["price_now"]["input_usd_per_mtok"], endpoint["multiplier"])


@A_DAY
def test_a_model_that_cannot_be_called_has_its_history(market: Gateway) -> None:
    Model.objects.get(slug="llama").endpoints.update(base_url="")
    versions.bump()
    snapshots.forget()
    assert told(market, "/now?model=llama")["models"][0]["is_available"] is False
    assert None not in told(market, "?model=llama")["routed"]["output_usd_per_mtok"]


def test_one_without_endpoints_has_none(market: Gateway) -> None:
    stock.model("lonely")
    snapshots.forget()
    answer = told(market, "?model=lonely")
    assert (answer["data_centers"], set(answer["routed"]["multiplier"])) == ([], {None})
    assert rows(ask(market, "?model=lonely&format=csv")) == []


def test_data_centers_can_be_chosen(market: Gateway) -> None:
    whole, part = told(market, "?model=llama"), told(market, "?model=llama&data_center=okc")
    assert part["data_centers"] == [site for site in whole["data_centers"] if site["id"] == "okc"]
    assert part["routed"] == whole["routed"]


def test_a_third_party_s_history_is_refused_with_where_its_price_is(market: Gateway) -> None:
    error = refused(market, "?model=GPT%204o")
    assert (error["code"], error["param"]) == ("invalid_request", "model")
    assert "/v1/prices/now?model=gpt" in error["message"]


# --- parameters ----------------------------------------------------------------------------------

NEWEST = "2026-11-22T12:05:00Z"  # where the newest prices end in this table
SPANS = {
    "": ("2026-11-21T12:05:00Z", NEWEST, "5m"),
    "step=1h": ("2026-11-21T12:00:00Z", "2026-11-22T13:00:00Z", "1h"),
    "step=1d": ("2026-11-21T00:00:00Z", "2026-11-23T00:00:00Z", "1d"),
    "from=-90m": ("2026-11-22T10:35:00Z", NEWEST, "5m"),
    "from=-7d&step=5m": ("2026-11-15T12:05:00Z", NEWEST, "5m"),
    "from=-7d": ("2026-11-15T12:00:00Z", "2026-11-22T13:00:00Z", "1h"),
    "from=-366d": ("2025-11-21T00:00:00Z", "2026-11-23T00:00:00Z", "1d"),
    "from=2026-11-20": ("2026-11-20T00:00:00Z", "2026-11-22T12:15:00Z", "15m"),
    "from=2026-11-20&to=2026-11-21": ("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", "5m"),
    "to=2026-11-21": ("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", "5m"),
    "from=2026-11-22T12:03:20%2B01:00&to=2026-11-22T11:30Z": ("2026-11-22T11:00:00Z", "2026-11-22T11:30:00Z", "5m"),
    "from=2026-11-22T12:03:20+01:00": ("2026-11-22T11:00:00Z", NEWEST, "5m"),
    "from=2026-11-22 11:00Z": ("2026-11-22T11:00:00Z", NEWEST, "5m"),
    "to=9999-12-31T23:59:59Z": ("2026-11-21T12:05:00Z", NEWEST, "5m"),
    "from=&to=&step=&data_center=": ("2026-11-21T12:05:00Z", NEWEST, "5m"),
    "from=2026-11-01T00:00:00-05:00&to=2026-11-02T00:00:00-06:00&step=1h": ("2026-11-01T05:00:00Z", "2026-11-02T06:00:00Z", "1h"),
}
NO_SPANS = {
    "from=NaN": "from",
    "from=2026-11-22T12:00:00": "from",
    "from=2026-13-01": "from",
    "from=9999-12-31T23:59:59-23:00": "from",
    "from=0001-01-01T00:00:00%2B14:00": "from",
    "from=-999999d": "from",
    "from=-24y": "from",
    "from=1e9": "from",
    "from=%00": "from",
    "from=-%C2%B2h": "from",
    "to=tomorrow": "to",
    "from=2026-11-22&to=2026-11-22": "from",
    "from=2026-11-22&to=2026-11-21": "from",
    "from=2026-11-23": "from",
    "from=2020-01-01": "from",
    "step=7m": "step",
    "step=300": "step",
    "from=-8d&step=5m": "step",
    "from=-366d&step=1h": "step",
    "from=" + "1" * 5000: "from",
    "from=-1h&from=-2h": "from",
    "model=paris&model=llama": "model",
    "format=xml": "format",
    "form=csv": "form",
    "models=paris": "models",
    "%00=1": "\0",
    "&".join(["data_center=dfw"] * 60): None,
}


def _asked(query: str) -> asked.HistoryAsk:
    card = snapshots.snapshot.ModelCard(
        "paris", "Paris", "v/p", "Test", "hosted", False, ("text",), 1, 1, 1, 1, datetime(2026, 1, 1, tzinfo=UTC), ()
    )
    catalog = snapshots.Catalog(1, {"paris": card}, {"paris": "paris"})
    moment = answers.Moment(datetime.fromisoformat(NEWEST) - timedelta(minutes=5), {"dfw": "Dallas"}, is_settled=True)
    return asked.history(f"model=paris&{query}" if not query.startswith("model=") else query, "", catalog, moment)


@pytest.mark.parametrize("query", SPANS)
def test_a_span_is_widened_to_whole_steps(query: str) -> None:
    span = _asked(query).span
    start, end, step = SPANS[query]
    assert (span.start, span.end, span.step) == (datetime.fromisoformat(start), datetime.fromisoformat(end), step)


@pytest.mark.parametrize("query", NO_SPANS, ids=lambda query: query[:30])
def test_what_cannot_be_meant_is_refused_by_its_name(query: str) -> None:
    with pytest.raises(asked.InvalidRequest) as refusal:
        _asked(query)
    assert refusal.value.param == NO_SPANS[query]
    assert len(refusal.value.message) < 400


def test_too_many_steps_are_told_the_smallest_that_fits() -> None:
    for query, fits in (
        ("from=-8d&step=5m", "15m"),
        ("from=-30d&step=5m", "30m"),
        ("from=-80d&step=15m", "1h"),
        ("from=-366d&step=5m", "1d"),
    ):
        with pytest.raises(asked.InvalidRequest, match=f"smallest step that fits is {fits}"):
            _asked(query)


@pytest.mark.parametrize("query", ["/now?modle=llama", "?model=llama&step=2m", "?step=5m", "/now?format=xml", "?model=llama&from=-999999d"])
def test_both_doors_refuse_with_the_parameter(market: Gateway, query: str) -> None:
    response = ask(market, query)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid_request")
    assert response.json()["error"]["param"]
    assert (response.headers["cache-control"], response.headers["access-control-allow-origin"]) == ("no-store", "*")


@pytest.mark.parametrize("address", ["/now?model=lama", "?model=lama"])
def test_an_unknown_model_is_a_404_with_the_nearest(market: Gateway, address: str) -> None:
    error = refused(market, address, 404)
    assert (error["code"], error["param"]) == ("model_not_found", "model")
    assert "Llama" in error["message"]


def test_an_unknown_data_center_is_a_404_with_those_there_are(market: Gateway) -> None:
    for address in ("/now?data_center=mars", "?model=llama&data_center=mars"):
        error = refused(market, address, 404)
        assert (error["code"], error["param"]) == ("data_center_not_found", "data_center")
        assert "dfw, nva, okc" in error["message"]
    assert "It is at: nva, okc" in refused(market, "?model=llama&data_center=dfw", 404)["message"]


# --- CSV -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["?model=llama", "?model=llama&from=-20h&step=1h", "?model=llama&data_center=okc&from=-3d"])
def test_a_history_as_csv_is_the_same_numbers(market: Gateway, query: str) -> None:
    answer, sheet = told(market, query), rows(ask(market, query + "&format=csv"))
    assert len(sheet) == len(answer["reference_usd_per_mwh"]) * len(answer["data_centers"])
    for row in sheet:
        place = (datetime.fromisoformat(row["at"]) - datetime.fromisoformat(answer["start"])).total_seconds() / answer["step_s"]
        (site,) = [site for site in answer["data_centers"] if site["id"] == row["data_center"]]
        for name in ("input_usd_per_mtok", "output_usd_per_mtok", "multiplier", "electricity_usd_per_mwh"):
            assert number(row[name]) == site[name][int(place)], name
        assert number(row["reference_usd_per_mwh"]) == answer["reference_usd_per_mwh"][int(place)]
        assert number(row["list_input_usd_per_mtok"]) == answer["list_price"]["input_usd_per_mtok"][int(place)]
        assert row["routed"] == str(answer["routed"]["data_center"][int(place)] == row["data_center"]).lower()


def test_the_prices_of_now_as_csv_are_the_same_numbers(market: Gateway) -> None:
    stock.model("asleep", name='=Asleep, "it"')
    snapshots.forget()
    answer, sheet = told(market, "/now"), rows(ask(market, "/now", accept="text/csv"))
    assert [row["model"] for row in sheet] == [model["id"] for model in answer["models"]]
    for row, model in zip(sheet, answer["models"], strict=True):
        price = model["price_now"] or dict.fromkeys(("input_usd_per_mtok", "output_usd_per_mtok"))
        assert [number(row[name]) for name in price] == list(price.values())
        assert number(row["list_output_usd_per_mtok"]) == model["list_price"]["output_usd_per_mtok"]
        assert number(row["multiplier"]) == model["multiplier"]
        assert (row["data_center"] or None, row["provider"] or None) == (model["data_center"], model["provider"])
    assert [row["name"] for row in sheet if row["model"] == "asleep"] == ['\'=Asleep, "it"']
    both = rows(ask(market, "/now?model=llama&format=csv"))
    assert sorted(row["routed"] for row in both) == ["false", "true"]


def test_csv_is_a_file_with_a_header_line(market: Gateway) -> None:
    answer = ask(market, "?model=llama&format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="clod-prices-llama.csv"'
    assert answer.text.startswith("at,data_center,routed,")
    assert answer.text.count("\r\n") == answer.text.count("\n") == 1 + 2 * 288


ACCEPTED = [
    ("text/csv", "text/csv"),
    ("text/csv, */*;q=0.5", "text/csv"),
    ("application/json;q=0.5, text/csv", "text/csv"),
    ("application/json, text/csv", "application/json"),
    ("text/csv;q=0.1, */*", "application/json"),
    ("text/csv;q=nan", "application/json"),
    ("text/html", "application/json"),
    (",;=q", "application/json"),
]


def test_the_accept_header_has_a_say_where_format_has_none(market: Gateway, subtests: pytest.Subtests) -> None:
    for accept, kind in ACCEPTED:
        with subtests.test(accept):
            assert ask(market, "/now", accept=accept).headers["content-type"].startswith(kind)
            assert ask(market, "/now?format=json", accept=accept).headers["content-type"] == "application/json"


# --- caches --------------------------------------------------------------------------------------


def test_an_answer_may_be_kept_until_the_next_prices(market: Gateway) -> None:
    answer = ask(market, "/now")
    left_s = (datetime.fromisoformat(answer.json()["next_update_at"]) - clock.now()).total_seconds()
    public, max_age = answer.headers["cache-control"].split(", max-age=")
    assert public == "public"
    assert int(max_age) == pytest.approx(max(left_s, 5) + answers.SLACK_S, abs=3)
    assert {"Accept", "Accept-Encoding"} <= set(answer.headers["vary"].split(", "))
    assert parsedate_to_datetime(answer.headers["last-modified"]) <= clock.now()
    assert "set-cookie" not in answer.headers
    assert "Cookie" not in answer.headers["vary"]


def test_a_span_that_is_over_may_be_kept_longer(market: Gateway) -> None:
    assert ask(market, "?model=llama&to=-1h").headers["cache-control"] == "public, max-age=3600"


def test_prices_that_are_late_are_asked_for_again_soon(market: Gateway) -> None:
    for minutes, freshness in ((10, "fresh"), (15, "stale")):
        for row in DeliveredPrice.objects.order_by("interval_start"):
            DeliveredPrice.objects.filter(pk=row.pk).update(interval_start=row.interval_start - timedelta(minutes=minutes))
        versions.bump()
        snapshots.forget()
        answer = ask(market, "/now")
        assert answer.headers["cache-control"] == f"public, max-age={answers.LATE_S}"
        assert [site["freshness"] for site in answer.json()["data_centers"] if site["id"] == "nva"] == [freshness]


@pytest.mark.parametrize("query", ["/now", "?model=llama&format=csv"])
def test_who_has_it_already_is_told_so(market: Gateway, query: str) -> None:
    first = ask(market, query)
    for known in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
        again = ask(market, query, if_none_match=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["cache-control"].startswith("public, max-age=")
        assert again.headers["access-control-allow-origin"] == "*"
    assert ask(market, query, if_modified_since=first.headers["last-modified"]).status_code == 304
    assert ask(market, query, if_modified_since="Sat, 01 Jan 2000 00:00:00 GMT").status_code == 200
    assert ask(market, query, if_modified_since="yesterday").status_code == 200
    assert ask(market, query, if_none_match='"other"', if_modified_since=first.headers["last-modified"]).status_code == 200


def test_the_same_question_has_the_same_answer_in_every_process(market: Gateway) -> None:
    first = ask(market, "/now?model=llama&data_center=okc&data_center=nva")
    prices.forget()
    again = ask(market, "/now?data_center=nva&data_center=okc&model=Llama")
    assert (again.headers["etag"], again.content) == (first.headers["etag"], first.content)


def test_large_answers_are_packed_for_who_takes_that(market: Gateway) -> None:
    plain, packed = ask(market, "?model=llama", accept_encoding="identity"), ask(market, "?model=llama", accept_encoding="br, gzip;q=0.5")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json() == plain.json()
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    assert plain.headers["etag"] != packed.headers["etag"]
    assert "content-encoding" not in ask(market, "?model=llama", accept_encoding="gzip;q=0").headers


def test_head_has_the_headers_alone(market: Gateway) -> None:
    for query in ("/now", "?model=llama"):
        whole = ask(market, query)
        head = market.client.head(whole.request.url.path, params=whole.request.url.params)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["etag"] == whole.headers["etag"]


def test_a_new_interval_has_new_answers(market: Gateway) -> None:
    newest = DeliveredPrice.objects.latest("interval_start").interval_start
    DeliveredPrice.objects.filter(interval_start=newest).delete()
    versions.bump()
    snapshots.forget()
    before = [told(market, query) for query in ("/now", "?model=llama")]
    price_job.backfill(clock.now(), stock.TWO_HOURS)
    deadline = time.monotonic() + 10
    while told(market, "/now")["as_of"] == before[0]["as_of"] and time.monotonic() < deadline:
        time.sleep(0.05)
    after = [told(market, query) for query in ("/now", "?model=llama")]
    assert datetime.fromisoformat(after[0]["as_of"]) >= newest
    assert after[1]["end"] == after[0]["next_update_at"] > before[1]["end"]


def test_an_answer_is_made_once(market: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    real = answers.past.of
    monkeypatch.setattr(answers.past, "of", lambda *asked: made.append(asked) or real(*asked))
    for query in ("?model=llama", "?model=LLAMA&format=json", "?step=5m&model=vendor/llama&data_center="):
        told(market, query)
    assert len(made) == 1
    versions.bump()
    snapshots.forget()
    told(market, "?model=llama")
    assert len(made) == 2


def test_who_asks_the_same_at_once_waits_for_the_same_answer(market: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    told(market, "/now")
    made, may_end, real = [], threading.Event(), answers.past.of

    def slowly(*asked: Any) -> Any:
        made.append(asked)
        may_end.wait(1)
        return real(*asked)

    monkeypatch.setattr(answers.past, "of", slowly)
    with ThreadPoolExecutor(4) as clients:
        waiting = [clients.submit(ask, market, "?model=llama") for _ in range(4)]
        while not made:
            time.sleep(0.01)
        may_end.set()
    assert {answer.result().status_code for answer in waiting} == {200}
    assert len(made) == 1


def test_an_answer_that_takes_long_is_found_at_the_next_try(market: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    told(market, "/now")
    monkeypatch.setattr(kept, "WITHIN_S", 0)
    answer = ask(market, "?model=llama")
    assert (answer.status_code, answer.json()["error"]["code"], answer.headers["retry-after"]) == (503, "unavailable", "2")
    deadline = time.monotonic() + 10
    while ask(market, "?model=llama").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.02)


# --- bounds --------------------------------------------------------------------------------------


def test_an_address_that_asks_too_often_is_told_when_to_come_back(market: Gateway) -> None:
    with override_settings(CLOD_PRICES_PER_MINUTE=3):
        assert [ask(market, "/now").status_code for _ in range(4)] == [200, 200, 200, 429]
        answer = ask(market, "/now")
    assert answer.json()["error"]["code"] == "rate_limit_exceeded"
    assert 1 <= int(answer.headers["retry-after"]) <= 20
    assert answer.headers["access-control-allow-origin"] == "*"
    market.client.headers["authorization"] = f"Bearer {market.key}"
    assert market.complete("paris").status_code == 200


def test_a_long_span_counts_for_more_when_it_has_to_be_made(market: Gateway) -> None:
    with override_settings(CLOD_PRICES_PER_MINUTE=10):  # a week in five minutes: one, one for its week, seven for its steps
        assert [ask(market, f"?model=llama&from=-7d&to={to}&step=5m").status_code for to in ("", "", "-5m")] == [200, 200, 429]


@pytest.mark.parametrize(
    ("query", "cost"), [("", 1), ("from=-1h", 0), ("from=-7d&step=1h", 1), ("from=-7d&step=5m", 8), ("from=-366d", 53)]
)
def test_what_a_history_counts_for(query: str, cost: int) -> None:
    assert visitors.cost(_asked(query).span) == cost


def test_a_key_is_neither_needed_nor_looked_at(market: Gateway) -> None:
    assert ask(market, "/now", authorization="Bearer clod_sk_nonsense").status_code == 200


def test_other_methods_are_refused(market: Gateway) -> None:
    address = ask(market, "/now").request.url.path
    answer = market.client.post(address, json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


@FAST_LANE
@pytest.mark.in_time
def test_without_the_database_the_last_answer_is_told(market: Gateway) -> None:
    known = told(market, "/now")
    for silent in (False, True):
        with database_away(silent=silent):
            assert told(market, "/now") == known
            unknown = ask(market, "?model=llama")
            assert unknown.status_code == 503
            assert int(unknown.headers["retry-after"]) >= 1
            assert unknown.json()["error"]["code"] == "unavailable"
    assert told(market, "?model=llama")["model"] == "llama"


@FAST_LANE
def test_when_a_new_answer_cannot_be_made_the_one_before_it_is_told(market: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    known = told(market, "/now")
    monkeypatch.setattr(prices.Moment, "is_late", lambda *_: True)
    with database_away():
        assert told(market, "/now") == known
    assert told(market, "/now") != known


def test_what_is_kept_is_bounded(market: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MAX_ANSWERS", 3)
    for minutes in range(10, 60, 5):
        told(market, f"?model=llama&from=-{minutes}m")
    assert len(prices._pages._entries) == 3
    assert prices._pages._bytes == sum(entry.answer.size for entry in prices._pages._entries.values())
    monkeypatch.setattr(kept, "MAX_BYTES", 1)
    told(market, "/now")
    assert (len(prices._pages._entries), prices._pages._bytes) == (0, 0)
