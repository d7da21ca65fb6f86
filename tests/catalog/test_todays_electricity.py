"""The landing page's chart: electricity where requests were routed, against the average data center."""

from typing import Any

import pytest

from catalog.pages import today


def _history(routed: list[str | None], **sites: list[float | None]) -> dict[str, Any]:
    return {
        "routed": {"data_center": routed},
        "sites": [
            {"data_center": slug, "name": slug.title(), "electricity": line, "now": {"source": "demo feed"}} for slug, line in sites.items()
        ],
    }


def test_the_saving_compares_the_routed_site_with_the_average_one() -> None:
    found = today.of(_history(["west", "west", "east"], west=[20, 20, 60], east=[60, 60, 20]))
    assert found is not None
    assert found.routed == [20, 20, 20]
    assert found.average == [40, 40, 40]
    assert found.saving == pytest.approx(0.5)
    assert (found.site_name, found.site_count, found.is_demo) == ("East", 2, True)


def test_slots_without_a_price_are_left_out() -> None:
    found = today.of(_history(["west", None, "west"], west=[20, None, 30], east=[None, None, 50]))
    assert found is not None
    assert found.routed == [20, 30]
    assert found.average == [20, 40]


def test_below_zero_the_scale_reaches_down_and_no_saving_is_claimed() -> None:
    found = today.of(_history(["west", "west"], west=[-30, -20], east=[-10, -10]))
    assert found is not None
    assert found.floor == -30
    assert found.saving == 0


@pytest.mark.parametrize("routed", [[], [None, None], ["west"]])
def test_with_fewer_than_two_prices_there_is_no_chart(routed: list[str | None]) -> None:
    assert today.of(_history(routed, west=[20.0] * len(routed))) is None


def test_the_line_spans_the_drawing() -> None:
    found = today.of(_history(["west"] * 3, west=[10, 20, 10], east=[20, 20, 20]))
    assert found is not None
    assert found.routed_path.startswith("M0.0 ")
    assert found.routed_path.split()[-2] == f"{today.WIDTH:.1f}"
