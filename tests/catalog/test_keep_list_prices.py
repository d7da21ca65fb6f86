"""When a list price changes, what was before it stays as it was: ticks, charts, the price API."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog import courses, list_prices, prices
from catalog.energy.delivered import slot_of
from catalog.list_prices import ALWAYS, Noted, Terms
from catalog.models import ListPrice, Model, PriceTick
from clod_site.lib.money import usd
from tests.catalog.stock import LIST_IN, LIST_OUT, NODES, NOON, SLOT, ScriptedFeed, hosted, third_party

pytestmark = pytest.mark.django_db
NOW = slot_of(NOON)
BEFORE = Terms(LIST_IN, LIST_OUT, 0.35)
AFTER = Terms(2 * LIST_IN, 2 * LIST_OUT, 0.35)
FEED = ScriptedFeed({NODES["nva"]: 30})


def double(model: Model) -> None:
    Model.objects.filter(pk=model.pk).update(input_nanousd_per_mtok=2 * LIST_IN, output_nanousd_per_mtok=2 * LIST_OUT)


def test_the_first_note_holds_for_all_time_before_it() -> None:
    made = hosted("nva")
    assert list_prices.note(NOW) == 1
    assert list_prices.since(made, NOW - timedelta(days=400)) == [Noted(ALWAYS, BEFORE)]


def test_a_change_is_noted_once_from_its_interval_on() -> None:
    made = hosted("nva")
    list_prices.note(NOW)
    double(made)
    assert list_prices.note(NOW + SLOT) == 1
    assert list_prices.note(NOW + 2 * SLOT) == 0
    history = list_prices.since(made, NOW)
    assert history == [Noted(ALWAYS, BEFORE), Noted(NOW + SLOT, AFTER)]
    assert [list_prices.at(history, NOW + number * SLOT) for number in range(3)] == [BEFORE, AFTER, AFTER]
    assert list_prices.since(made, NOW + SLOT) == [Noted(NOW + SLOT, AFTER)]


def test_a_change_of_weight_is_a_change_too() -> None:
    made = hosted("nva")
    list_prices.note(NOW)
    Model.objects.filter(pk=made.pk).update(energy_weight=0.5)
    assert list_prices.note(NOW + SLOT) == 1


def test_the_past_of_a_chart_is_what_requests_paid() -> None:
    made = hosted("nva")
    prices.backfill(NOON, days=1, feed=FEED)
    before = courses.of(made, NOW - 11 * SLOT, 12).sites[0]
    old = [before.price(number) for number in range(12)]
    double(made)
    prices.recompute(NOON + SLOT, FEED)
    made.refresh_from_db()
    course = courses.of(made, NOW - 11 * SLOT, 13).sites[0]
    assert [course.price(number) for number in range(12)] == old
    new = course.price(12)
    tick = PriceTick.objects.latest("valid_from")
    assert new is not None
    assert (new.input, new.output) == (tick.input_nanousd_per_mtok, tick.output_nanousd_per_mtok)
    assert old[-1] is not None
    assert new.output == 2 * old[-1].output


def test_before_anything_is_noted_the_terms_of_now_are_all_there_are() -> None:
    made = hosted("nva")
    assert list_prices.since(made, NOW) == [Noted(ALWAYS, BEFORE)]
    assert not ListPrice.objects.exists()


def test_a_third_party_s_list_price_is_noted_too() -> None:
    made = third_party()
    list_prices.note(NOW)
    assert list_prices.since(made, NOW)[0].terms == Terms(LIST_IN, LIST_OUT, 0)
    Model.objects.filter(pk=made.pk).update(input_nanousd_per_mtok=usd("0.12"))
    assert list_prices.note(NOW + SLOT) == 1


def test_many_models_cost_as_many_queries_as_one(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for number in range(5):
        hosted("nva", slug=f"llama-{number}")
    list_prices.note(NOW)
    with django_assert_num_queries(2):
        assert list_prices.note(NOW + SLOT) == 0
