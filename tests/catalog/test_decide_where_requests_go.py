"""Every five minutes it is decided, once for all processes, at which data center the requests of each set of them are."""

from datetime import datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog import courses, prices
from catalog.energy import routed
from catalog.energy.delivered import slot_of
from catalog.energy.steady import Stance, step
from catalog.models import DataCenter, DeliveredPrice, RoutedSite
from tests.catalog.stock import NODES, NOON, SLOT, ScriptedFeed, hosted

NOW = slot_of(NOON)
USD = 10**6


# --- the rule ------------------------------------------------------------------------------------


def follow(*intervals: dict[str, float]) -> str:
    """The sites chosen in consecutive intervals."""
    stance: Stance[str] | None = None
    path = ""
    for number, dollars in enumerate(intervals):
        stance = step(stance, {site: round(price * USD) for site, price in dollars.items()}, NOW + number * SLOT)
        path += stance.site
    return path


def at(a: float, b: float) -> dict[str, float]:
    return {"a": a, "b": b}


def test_a_little_cheaper_is_not_enough_to_move() -> None:
    assert follow(at(30, 40), at(30, 26), at(30, 26), at(30, 25)) == "aaaa"


def test_more_than_five_dollars_for_two_intervals_is() -> None:
    assert follow(at(30, 40), at(30, 24.9), at(30, 24.9), at(30, 24.9)) == "aabb"


def test_above_fifty_dollars_it_takes_ten_percent() -> None:
    assert follow(at(80, 90), at(80, 73), at(80, 73), at(80, 71.9), at(80, 71.9)) == "aaaab"


def test_one_interval_is_not_enough() -> None:
    assert follow(at(30, 40), at(30, 10), at(30, 40), at(30, 10), at(30, 40)) == "aaaaa"


def test_two_different_sites_tempting_one_after_the_other_is_enough_and_the_cheaper_one_wins() -> None:
    third = {"a": 30, "b": 40, "c": 40}
    assert follow(third, third | {"b": 20}, third | {"c": 10}) == "aac"


def test_a_site_without_a_price_is_left_at_once() -> None:
    assert follow(at(30, 90), {"b": 90}, at(30, 90)) == "abb"


def test_after_half_an_hour_without_prices_the_cheapest_site_wins_at_once() -> None:
    stance = Stance("a", NOW)
    assert step(stance, {"a": 30 * USD, "b": 29 * USD}, NOW + 6 * SLOT).site == "a"
    assert step(stance, {"a": 30 * USD, "b": 29 * USD}, NOW + 7 * SLOT).site == "b"


# --- what is kept of it --------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


def center(slug: str) -> DataCenter:
    return DataCenter.objects.get(slug=slug)


def key(slugs: str) -> str:
    return routed.key(center(slug).pk for slug in slugs.split())


def costs(slot: datetime, **dollars: float) -> None:
    """Smoothed electricity at data centers in one interval."""
    rows = {slug: round(price * USD) for slug, price in dollars.items()}
    DeliveredPrice.objects.bulk_create(
        DeliveredPrice(
            data_center=center(slug),
            interval_start=slot,
            wholesale_microusd_per_mwh=price,
            delivered_microusd_per_mwh=price,
            smoothed_microusd_per_mwh=price,
            reference_microusd_per_mwh=50 * USD,
            source="scripted",
        )
        for slug, price in rows.items()
    )


def path(slugs: str = "nva dfw") -> list[str]:
    names = dict(DataCenter.objects.values_list("pk", "slug"))
    decided = routed.path([center(slug).pk for slug in slugs.split()], NOW, NOW + 100 * SLOT)
    return [names[decided[slot]] for slot in sorted(decided)]


def test_decisions_go_on_from_the_interval_before_whoever_makes_them() -> None:
    hosted("nva dfw")
    for number, (nva, dfw) in enumerate([(30, 40), (30, 24), (30, 24), (30, 27)]):
        costs(NOW + number * SLOT, nva=nva, dfw=dfw)
        assert routed.publish(NOW + number * SLOT) == 1
    assert path() == ["nva", "nva", "dfw", "dfw"]


def test_deciding_many_intervals_at_once_is_deciding_one_after_the_other() -> None:
    hosted("nva dfw")
    for number, (nva, dfw) in enumerate([(30, 40), (30, 24), (30, 24), (30, 27)]):
        costs(NOW + number * SLOT, nva=nva, dfw=dfw)
    assert routed.publish(NOW + 3 * SLOT) == 4
    assert routed.publish(NOW + 3 * SLOT) == 0, "what is decided stays"
    assert path() == ["nva", "nva", "dfw", "dfw"]


def test_each_set_of_data_centers_has_its_own_decision() -> None:
    hosted("nva dfw okc")
    hosted("nva dfw", slug="smaller")
    costs(NOW, nva=30, dfw=40, okc=20)
    assert routed.publish(NOW) == 2
    assert (path("nva dfw okc"), path("nva dfw")) == (["okc"], ["nva"])


def test_where_a_model_can_be_called_is_decided_apart_from_where_it_is_listed() -> None:
    made = hosted("nva dfw okc")
    made.endpoints.filter(data_center__slug="okc").update(base_url="")
    costs(NOW, nva=30, dfw=40, okc=20)
    routed.publish(NOW)
    assert (path("nva dfw okc"), path("nva dfw")) == (["okc"], ["nva"])
    found = courses.of(made, NOW, 1)
    assert found.sites[found.routed[0] or 0].site.slug == "nva", "the chart shows where requests go"


def test_a_set_that_is_new_gets_its_past_too() -> None:
    hosted("nva dfw")
    for number in range(4):
        costs(NOW + number * SLOT, nva=30, dfw=40)
    routed.publish(NOW + 3 * SLOT)
    hosted("nva", slug="alone")
    assert routed.publish(NOW + 3 * SLOT) == 4
    assert path("nva") == ["nva"] * 4


def test_a_data_center_that_is_switched_off_is_left_out() -> None:
    hosted("nva dfw")
    costs(NOW, nva=30, dfw=20)
    DataCenter.objects.filter(slug="dfw").update(active=False)
    routed.publish(NOW)
    assert path("nva") == ["nva"]
    assert not path("nva dfw")


def test_a_late_price_job_leaves_the_last_decision_in_force() -> None:
    hosted("nva dfw")
    costs(NOW, nva=30, dfw=40)
    routed.publish(NOW)
    assert routed.newest([key("nva dfw")], NOW + 6 * SLOT) == {key("nva dfw"): center("nva").pk}
    assert routed.newest([key("nva")], NOW) == {}, "nothing was decided for this set"


def test_a_decision_that_another_process_has_made_meanwhile_stays() -> None:
    hosted("nva dfw")
    costs(NOW, nva=30, dfw=40)
    sites = frozenset({center("nva").pk, center("dfw").pk})
    mine = list(routed._decided(key("nva dfw"), sites, None, NOW, routed._prices(NOW, NOW)))
    routed.publish(NOW)
    RoutedSite.objects.bulk_create(mine, ignore_conflicts=True)
    assert RoutedSite.objects.count() == 1


def test_the_price_job_decides_for_the_week_it_fills() -> None:
    hosted("nva dfw")
    prices.backfill(NOON, days=2, feed=ScriptedFeed({NODES["nva"]: 40, NODES["dfw"]: 30}))
    assert RoutedSite.objects.count() == 2 * 288
    assert set(RoutedSite.objects.values_list("data_center__slug", flat=True)) == {"dfw"}


def test_deciding_takes_as_many_queries_for_many_models_as_for_one(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    hosted("nva dfw")
    costs(NOW, nva=30, dfw=40)
    routed.publish(NOW)
    for number in range(5):
        hosted("nva dfw", slug=f"more-{number}")
    costs(NOW + SLOT, nva=30, dfw=40)
    with django_assert_num_queries(5):
        routed.publish(NOW + SLOT)
