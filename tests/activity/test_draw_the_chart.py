"""The chart as the server draws it: bars upon each other, curves with gaps, levels people read, the reader's clock."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import User
from activity import chart, figures, inks, sketch
from activity.chart import Chart, Line, Wanted
from activity.sketch import HEIGHT, Sketch
from activity.steps import Steps
from projects.models import Project
from tests.activity.log import call
from tests.people import browser

START = datetime(2026, 11, 28, tzinfo=UTC)


def drawn(metric: str, *lines: Line, by: str = "") -> Sketch:
    points = [START + timedelta(hours=number) for number in range(len(lines[0].values))]
    found = sketch.of(Chart(Wanted(metric, by), Steps("hour"), points, list(lines)))
    assert found
    return found


def boxes(path: str) -> list[tuple[float, float]]:
    """Bottom and top of each bar."""
    return [(float(bottom), float(top)) for bottom, top in re.findall(r"M[\d.]+ ([\d.]+)H[\d.]+V([\d.]+)H", path)]


def test_bars_stand_upon_each_other_and_reach_the_level_of_their_sum() -> None:
    found = drawn("tokens", Line("Prompt", None, [3, 0]), Line("Answer", None, [1, 4]))
    lower, upper = (boxes(shape.path) for shape in found.shapes)
    assert found.levels == ["4", "3", "2", "1", "0"]
    assert (lower, upper) == ([(HEIGHT, HEIGHT / 4)], [(HEIGHT / 4, 0), (HEIGHT, 0)])


def test_a_curve_has_a_gap_where_nothing_is_known_and_a_lone_point_is_seen() -> None:
    [shape] = drawn("ttft", Line("p95", None, [100, 200, None, 400])).shapes
    assert (shape.path.count("M"), shape.path.count("L"), shape.dots.count("h0")) == (2, 1, 3)
    assert shape.path.endswith("M875.0 0.0")


@pytest.mark.parametrize(
    ("metric", "highest", "levels"),
    [
        ("requests", 1, ["1", "0"]),
        ("requests", 7, ["8", "6", "4", "2", "0"]),
        ("requests", 1_700_000, ["2M", "1.5M", "1M", "500k", "0"]),
        ("cost", 0.0003, ["$0.0003", "$0.0002", "$0.0001", "$0"]),
        ("cost", 1234.5, ["$1,500", "$1,000", "$500", "$0"]),
        ("latency", 90_000, ["100 s", "50 s", "0 ms"]),
        ("ttft", 1_700, ["2 s", "1.5 s", "1 s", "500 ms", "0 ms"]),
    ],
)
def test_levels_are_round_numbers_above_the_highest_value(metric: str, highest: float, levels: list[str]) -> None:
    assert drawn(metric, Line("all", None, [highest])).levels == levels


def test_no_level_is_written_in_the_grammar_of_machines() -> None:
    for exponent in range(-9, 7):
        assert not any("e" in level for level in drawn("cost", Line("Cost", None, [3 * 10.0**exponent])).levels)


def test_nothing_is_drawn_of_nothing() -> None:
    assert sketch.of(Chart(Wanted("requests"), Steps("hour"), [START], [Line("Requests", None, [0])])) is None


def test_the_server_and_plotly_use_the_same_colours_and_names() -> None:
    long = Line("x" * 60, "a", [1])
    both = Chart(Wanted("requests", "model"), Steps("hour"), [START], [long, Line("3 other", None, [1])])
    traces, found = figures.plotly(both)["data"], sketch.of(both)
    assert found
    assert [(trace["name"], trace["meta"]["ink"]) for trace in traces] == [(shape.name, f"--{shape.ink}") for shape in found.shapes]
    assert inks.of(both) == ["series-1", "line-strong"]


def test_the_page_has_the_drawing_of_every_metric_without_any_script(alice: User, project: Project) -> None:
    call(project, is_stream=True, ttft_ms=200, cost_nanousd=30_000_000)
    call(project, status="truncated")
    for metric in chart.METRICS:
        page = browser(alice).get(f"/activity?metric={metric}").content.decode()
        assert re.search(rf'<svg [^>]*aria-label="{chart.METRICS[metric].label} over time', page)
        assert re.search(r'<path class="(bars|dots) ink-[a-z0-9-]+" d="M', page)


def test_an_empty_time_is_said_in_place_of_a_drawing(alice: User, project: Project) -> None:
    call(project)
    page = browser(alice).get("/activity?status=expired").content.decode()
    assert "Nothing to draw in this time." in page
    assert "sketch-plot" not in page


def test_what_is_chosen_comes_as_a_part_with_its_table(alice: User, project: Project) -> None:
    call(project, is_stream=True, ttft_ms=200)
    part = browser(alice).get("/activity?metric=ttft&part=chart", headers={"HX-Request": "true"}).content.decode()
    assert 'id="chart-sketch"' in part
    assert 'id="chart-table"' in part
    assert part.count('class="curve') == 3
