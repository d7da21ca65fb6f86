"""The price history of a model, as the Models pages show it."""

import json
from datetime import datetime, timedelta
from statistics import mean

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog import charts, figures, prices
from catalog.energy.delivered import slot_of
from catalog.models import PriceTick
from clod_site.lib.money import usd
from tests.catalog.stock import NODES, NOON, ScriptedFeed, data_center, hosted

pytestmark = pytest.mark.django_db
NVA, DFW = NODES["nva"], NODES["dfw"]


@pytest.mark.parametrize(("hours", "points", "step_s"), [(4, 48, 300), (24, 288, 300), (168, 336, 1800)])
def test_a_span_has_equally_spaced_points_up_to_now(hours: int, points: int, step_s: int) -> None:
    made = hosted("nva dfw")
    prices.backfill(NOON, days=max(hours // 24, 1))
    history = charts.price_history(made, hours, NOON)
    assert history["step_s"] == step_s
    assert datetime.fromisoformat(history["start"]) == slot_of(NOON) - timedelta(hours=hours, minutes=-5)
    for line in (
        history["routed"]["price"],
        history["routed"]["data_center"],
        *(site[key] for site in history["sites"] for key in ("price", "electricity")),
    ):
        assert len(line) == points
        assert None not in line


def test_a_point_of_the_week_is_the_mean_of_its_half_hour() -> None:
    made = hosted("nva")
    prices.backfill(NOON)
    week, day = (charts.price_history(made, hours, NOON)["sites"][0] for hours in (168, 24))
    for line in ("price", "electricity"):
        assert week[line][-48:] == pytest.approx([mean(day[line][n : n + 6]) for n in range(0, 288, 6)], rel=5e-3)
        assert week[line][-48:] != day[line][::6]


def test_nine_data_centers_and_a_week_stay_below_sixty_kilobytes() -> None:
    slugs = [f"site-{number}" for number in range(9)]
    for slug, node in zip(slugs, list(NODES.values()) * 3, strict=True):
        data_center(slug, node, adder_usd=20 + len(slug))
    made = hosted(" ".join(slugs))
    prices.backfill(NOON)
    for hours in charts.STEPS:
        history = charts.price_history(made, hours, NOON)
        assert len(json.dumps(history)) < 60_000
        assert len(json.dumps(figures.plotly_figure(history))) < 60_000


def test_the_last_point_is_the_price_a_request_pays() -> None:
    made = hosted("nva")
    prices.backfill(NOON, days=1)
    tick = PriceTick.objects.latest("valid_from")
    site = charts.price_history(made, 4, NOON)["sites"][0]
    assert usd(str(site["price"][-1])) == usd(str(site["now"]["output"])) == tick.output_nanousd_per_mtok
    assert usd(str(site["now"]["input"])) == tick.input_nanousd_per_mtok
    assert (site["now"]["source"], site["now"]["freshness"]) == ("demo feed", "fresh")


def test_a_model_nobody_can_call_has_its_chart() -> None:
    made = hosted("nva dfw")
    made.endpoints.update(base_url="")
    prices.backfill(NOON, days=1, feed=ScriptedFeed({NVA: 40, DFW: 10}))
    assert not PriceTick.objects.exists()
    history = charts.price_history(made, 24, NOON)
    assert {site["data_center"] for site in history["sites"]} == {"nva", "dfw"}
    assert set(history["routed"]["data_center"]) == {"dfw"}


def test_the_routed_line_is_the_price_at_the_site_requests_go_to() -> None:
    made = hosted("nva dfw")
    prices.backfill(NOON, days=1)
    history = charts.price_history(made, 24, NOON)
    lines = {site["data_center"]: site["price"] for site in history["sites"]}
    assert history["routed"]["price"] == [lines[slug][number] for number, slug in enumerate(history["routed"]["data_center"])]


def test_where_nothing_is_known_there_is_a_gap() -> None:
    made = hosted("nva")
    assert charts.price_history(made, 24, NOON)["sites"][0]["now"] is None
    prices.backfill(NOON, days=1)
    history = charts.price_history(made, 168, NOON)
    assert history["routed"]["price"][:280] == [None] * 280
    assert None not in history["routed"]["price"][-47:]
    figures.plotly_figure(history)


def test_the_table_tells_the_same_numbers_newest_first() -> None:
    made = hosted("nva dfw")
    prices.backfill(NOON, days=1)
    history = charts.price_history(made, 24, NOON)
    rows = charts.table(history)
    assert len(rows) == 24
    assert rows[0]["at"] == slot_of(NOON)
    assert rows[0]["price"] == history["routed"]["price"][-1]
    assert rows[0]["data_center"] in {"NVA", "DFW"}
    assert rows[0]["lowest"] <= rows[0]["price"] <= rows[0]["highest"]


def test_the_figure_marks_each_line_with_its_role() -> None:
    made = hosted("nva dfw")
    prices.backfill(NOON, days=1)
    figure = figures.plotly_figure(charts.price_history(made, 4, NOON))
    assert [trace["meta"]["role"] for trace in figure["data"]] == ["site", "site", "list", "routed", "moved"]
    assert {trace["dx"] for trace in figure["data"]} == {300_000}
    assert figure["data"][3]["text"][-1] in {"NVA", "DFW"}


def test_queries_do_not_grow_with_the_sites(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    one, two = hosted("nva", slug="one"), hosted("nva dfw okc", slug="three")
    prices.backfill(NOON, days=1)
    for made in (one, two):
        with django_assert_num_queries(5):
            charts.price_history(made, 24, NOON)
