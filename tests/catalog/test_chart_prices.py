"""The price history of a model, as the Models pages show it."""

import json
from datetime import datetime, timedelta
from statistics import mean
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog import prices
from catalog.energy.delivered import slot_of
from catalog.models import DataCenter, Model, PriceTick, RoutedSite
from catalog.pages import charts, figures, sketch
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
        for show in ("price", "electricity"):
            assert len(json.dumps(figures.plotly_figure(history, show))) < 60_000


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


def test_the_figure_marks_each_line_with_its_role() -> None:
    made = hosted("nva dfw")
    prices.backfill(NOON, days=1)
    history = charts.price_history(made, 4, NOON)
    for show, beside in (("price", "list"), ("electricity", "average")):
        figure = figures.plotly_figure(history, show)
        assert [trace["meta"]["role"] for trace in figure["data"]] == ["site", "site", beside, "routed", "moved"]
        assert {trace["dx"] for trace in figure["data"]} == {300_000}
        assert figure["data"][3]["text"][-1][:3] in {"NVA", "DFW"}


def moved(made: Model) -> dict[str, Any]:
    """A day at DFW, of which the last hour at NVA."""
    prices.backfill(NOON, days=1, feed=ScriptedFeed({NVA: 40, DFW: 10}))
    RoutedSite.objects.filter(interval_start__gt=NOON - timedelta(hours=1)).update(data_center=DataCenter.objects.get(slug="nva"))
    return charts.price_history(made, 24, NOON)


def test_a_move_is_marked_and_its_hover_says_from_where() -> None:
    history = moved(hosted("nva dfw"))
    assert [(move["from"], move["to"]) for move in history["moves"]] == [("dfw", "nva")]
    data = figures.plotly_figure(history)["data"]
    [point] = [index for index, value in enumerate(data[-1]["y"]) if value is not None]
    assert data[-2]["text"][point] == "NVA, moved here from DFW"
    assert data[-2]["text"][point + 1] == "NVA"


@pytest.mark.parametrize(
    ("show", "words"), [("price", "Requests go to NVA, 7.8 % above list; 1 move in 24 hours."), ("electricity", "Electricity at NVA,")]
)
def test_a_sentence_says_what_the_reader_sees(show: str, words: str) -> None:
    sentence = figures.plotly_figure(moved(hosted("nva dfw")), show)["sentence"]
    assert sentence.startswith(words)


def test_before_the_first_price_the_sentence_says_so() -> None:
    assert "list price" in figures.plotly_figure(charts.price_history(hosted("nva"), 24, NOON))["sentence"]


def test_the_average_of_electricity_is_that_of_all_data_centers() -> None:
    history = moved(hosted("nva dfw"))
    traces = {trace["meta"]["role"]: trace["y"] for trace in figures.plotly_figure(history, "electricity")["data"]}
    lines = [site["electricity"][-1] for site in history["sites"]]
    assert traces["average"][-1] == pytest.approx(mean(lines), rel=1e-3)
    assert traces["routed"][-1] == max(lines)


def test_the_sketch_has_each_line_and_none_before_there_are_prices() -> None:
    made = hosted("nva dfw")
    assert sketch.of(figures.plotly_figure(charts.price_history(made, 24, NOON), "electricity")) is None
    drawn = sketch.of(figures.plotly_figure(moved(made)))
    assert drawn is not None
    assert [role for role, _ in drawn.paths] == ["site", "site", "list", "routed"]
    assert all(path.startswith("M0 ") for _, path in drawn.paths)
    assert [level[0] for level in drawn.levels] == ["$"] * 3


def test_models_side_by_side_are_sketched_in_percent_of_list() -> None:
    history = moved(hosted("nva dfw"))
    drawn = sketch.of(figures.against_list([("One", history), ("Other", history)]))
    assert drawn is not None
    assert [role for role, _ in drawn.paths] == ["list", "model model-0", "model model-1"]
    assert all(level.endswith("%") for level in drawn.levels)


def test_the_list_price_is_that_of_the_time() -> None:
    made = hosted("nva")
    prices.backfill(NOON, days=1, feed=ScriptedFeed({NVA: 40}))
    Model.objects.update(output_nanousd_per_mtok=usd("1.60"))
    later = NOON + timedelta(minutes=5)
    prices.recompute(later, ScriptedFeed({NVA: 40}))
    made.refresh_from_db()
    history = charts.price_history(made, 4, later)
    assert history["listed"][-2:] == [0.8, 1.6]
    assert figures.against_list([("Llama", history)])["data"][1]["y"][-1] == pytest.approx(8, abs=0.5)


def test_models_are_drawn_against_their_own_list_price() -> None:
    cheap, dear = hosted("dfw", slug="cheap"), hosted("nva", slug="dear", output_nanousd_per_mtok=usd("8"))
    prices.backfill(NOON, days=1, feed=ScriptedFeed({NVA: 90, DFW: 10}))
    figure = figures.against_list([(each.name, charts.price_history(each, 24, NOON)) for each in (cheap, dear)])
    zero, below, above = (trace["y"][-1] for trace in figure["data"])
    assert below < zero == 0 < above


def test_queries_do_not_grow_with_the_sites(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    one, two = hosted("nva", slug="one"), hosted("nva dfw okc", slug="three")
    prices.backfill(NOON, days=1)
    for made in (one, two):
        with django_assert_num_queries(5):
            charts.price_history(made, 24, NOON)
