"""The price book: a model's prices over a span in steps, and the prices of now, as the public price API tells them."""

import random
from datetime import UTC, datetime, timedelta
from statistics import mean

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog import courses, list_prices, prices, snapshot
from catalog.energy import routed, tariff
from catalog.energy.delivered import slot_of
from catalog.models import DataCenter, DeliveredPrice, Model, PriceTick, RoutedSite
from catalog.price_book import history, present
from catalog.price_book.history import Line
from catalog.price_book.span import STEPS, Span, covering
from tests.catalog.stock import LIST_OUT, NODES, NOON, SLOT, ScriptedFeed, hosted, third_party

pytestmark = pytest.mark.django_db
NOW = slot_of(NOON)
DAY = covering(NOW + SLOT - timedelta(days=1), NOW + SLOT, "5m")
MICRO = 10**6


def deliver(slug: str, start: datetime, smoothed: list[int], reference: int = 50 * MICRO, **fields: object) -> None:
    site = DataCenter.objects.get(slug=slug)
    usual = {"wholesale_microusd_per_mwh": 30 * MICRO, "delivered_microusd_per_mwh": 40 * MICRO, "source": "demo"}
    DeliveredPrice.objects.bulk_create(
        DeliveredPrice(
            data_center=site,
            interval_start=start + number * SLOT,
            smoothed_microusd_per_mwh=price,
            reference_microusd_per_mwh=reference,
            **usual | fields,
        )
        for number, price in enumerate(smoothed)
    )


def go(model: Model, start: datetime, *slugs: str) -> None:
    """Requests go to these data centers, one slot after the other."""
    sites = {site.slug: site.pk for site in courses.sites_of(model)}
    for number, slug in enumerate(slugs):
        RoutedSite.objects.create(
            sites=routed.key(sites.values()), interval_start=start + number * SLOT, data_center_id=sites[slug], is_tempted=False
        )


def multipliers(line: Line) -> list[int | None]:
    return [price.multiplier_ppm if price else None for price in line.prices]


def outputs(line: Line) -> list[int | None]:
    return [price.output if price else None for price in line.prices]


# --- steps ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS)
def test_steps_are_those_of_utc_on_the_days_clocks_are_changed(step: str) -> None:
    for day in (datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)):
        span = covering(day + timedelta(minutes=61), day + timedelta(hours=25), step)
        assert {(instant - day).total_seconds() % span.step_s for instant in span.instants()} == {0}
        assert span.start <= day + timedelta(minutes=61) < span.start + STEPS[step]
        assert span.end - STEPS[step] < day + timedelta(hours=25) <= span.end
        assert len(span.instants()) == span.points == (span.end - span.start) // STEPS[step]


def test_a_span_of_whole_steps_is_left_as_it_is() -> None:
    assert covering(NOW, NOW + timedelta(hours=1), "1h") == Span(NOW, NOW + timedelta(hours=1), "1h")


# --- one price a slot ----------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [0.35, 1.0, 0.0])
def test_the_database_computes_the_tariff_s_own_multiplier(weight: float) -> None:
    model, dice = hosted("nva", energy_weight=weight), random.Random(7)
    ties = [50 * MICRO + 500 * number for number in range(1, 40)]  # where halves are rounded
    prices_ = ties + [dice.randint(-30, 400) * MICRO + dice.randint(0, MICRO) for _ in range(200)]
    deliver("nva", DAY.start, prices_)
    deliver("nva", DAY.start + len(prices_) * SLOT, [20 * MICRO], reference=0)
    line = history.of("llama", DAY).sites[0].line
    expected = [tariff.multiplier(price, 50 * MICRO, weight) for price in prices_]
    assert multipliers(line)[: len(prices_) + 1] == [*expected, tariff.PPM]
    assert outputs(line)[: len(prices_)] == [
        tariff.token_price(model.output_nanousd_per_mtok, ppm) if weight else model.output_nanousd_per_mtok for ppm in expected
    ]


def test_every_five_minutes_it_says_what_charts_and_ticks_say() -> None:
    model = hosted()
    prices.backfill(NOON, days=1)
    found, drawn = history.of("llama", DAY), courses.of(model, DAY.start, DAY.points)
    for site, course in zip(found.sites, drawn.sites, strict=True):
        assert site.slug == course.site.slug
        assert site.line.prices == [course.price(number) for number in range(DAY.points)]
        assert site.line.electricity == [level.smoothed if level else None for level in course.levels]
        assert outputs(site.line)[-1] == PriceTick.objects.filter(endpoint=course.endpoint).latest("valid_from").output_nanousd_per_mtok
    assert found.at == [drawn.sites[index].site.slug if index is not None else None for index in drawn.routed]
    lines = {site.slug: site.line for site in found.sites}
    assert found.routed.prices == [lines[slug].prices[number] for number, slug in enumerate(found.at) if slug]


def test_where_nothing_is_known_there_is_nothing() -> None:
    hosted("nva dfw")
    deliver("nva", NOW - SLOT, [40 * MICRO, 41 * MICRO])
    found = history.of("llama", covering(NOW - 2 * SLOT, NOW + SLOT, "5m"))
    assert found.sites[0].line.electricity == [None, 40 * MICRO, 41 * MICRO]
    assert found.sites[1].line == Line([None] * 3, [None] * 3)
    assert (found.reference, found.at) == ([None, 50 * MICRO, 50 * MICRO], [None] * 3)


def test_a_model_without_endpoints_has_no_data_centers() -> None:
    hosted("nva").endpoints.all().delete()
    deliver("nva", NOW, [40 * MICRO])
    found = history.of("llama", DAY)
    assert (found.sites, set(found.at), set(found.reference)) == ([], {None}, {None})


# --- means ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["15m", "30m", "1h", "1d"])
def test_a_step_is_the_mean_of_its_slots(step: str) -> None:
    hosted("nva dfw")
    prices.backfill(NOON, days=2)
    span = covering(NOW - timedelta(days=1), NOW, step)
    line = history.of("llama", span).sites[0].line
    for number, start in enumerate(span.instants()):
        rows = DeliveredPrice.objects.filter(data_center__slug="nva", interval_start__gte=start, interval_start__lt=start + STEPS[step])
        ppm = [tariff.multiplier(row.smoothed_microusd_per_mwh, row.reference_microusd_per_mwh, 0.35) for row in rows]
        assert line.electricity[number] == pytest.approx(mean(row.smoothed_microusd_per_mwh for row in rows), abs=1)
        assert multipliers(line)[number] == pytest.approx(mean(ppm), abs=1)
        assert outputs(line)[number] == tariff.token_price(LIST_OUT, multipliers(line)[number] or 0)


def test_the_routed_price_is_the_mean_along_the_way_and_the_data_center_the_last_one() -> None:
    model = hosted("nva dfw")
    deliver("nva", NOW, [40 * MICRO] * 3)
    deliver("dfw", NOW, [70 * MICRO] * 3)
    go(model, NOW, "nva", "nva", "dfw")
    span = covering(NOW, NOW + 3 * SLOT, "15m")
    found = history.of("llama", span)
    cheap, dear = (tariff.multiplier(price * MICRO, 50 * MICRO, 0.35) for price in (40, 70))
    assert found.at == ["dfw"]
    assert found.routed.electricity == [50 * MICRO]
    assert multipliers(found.routed) == [pytest.approx((2 * cheap + dear) / 3, abs=1)]
    assert outputs(found.routed) == [pytest.approx((2 * 744_000_000 + 912_000_000) / 3, rel=1e-3)]


def test_queries_do_not_grow_with_sites_or_steps(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for slug, sites in (("one", "nva"), ("three", "nva dfw okc")):
        hosted(sites, slug=slug)
        for step in ("5m", "1d"):
            with django_assert_num_queries(5):
                history.of(slug, covering(NOW - timedelta(days=1), NOW, step))


def test_a_new_list_price_or_weight_leaves_what_was_before_it() -> None:
    model = hosted("nva", energy_weight=0.35)
    deliver("nva", NOW, [40 * MICRO] * 6)
    go(model, NOW, *["nva"] * 6)
    list_prices.note(NOW)
    Model.objects.update(energy_weight=1.0, output_nanousd_per_mtok=2 * LIST_OUT)
    list_prices.note(NOW + 3 * SLOT)
    found = history.of("llama", covering(NOW, NOW + 6 * SLOT, "5m"))
    assert multipliers(found.sites[0].line) == multipliers(found.routed) == [930_000] * 3 + [800_000] * 3
    assert outputs(found.routed) == [744_000_000] * 3 + [1_280_000_000] * 3
    assert [terms.output for terms in found.listed] == [LIST_OUT] * 3 + [2 * LIST_OUT] * 3
    whole = history.of("llama", covering(NOW, NOW + 6 * SLOT, "30m"))
    assert (multipliers(whole.routed), outputs(whole.routed)) == ([865_000], [1_010_000_000])
    assert [terms.output for terms in whole.listed] == [2 * LIST_OUT]


# --- now -----------------------------------------------------------------------------------------


def _present(*models: str, data_centers: tuple[str, ...] = (), is_late: bool = False) -> present.Present:
    catalog = snapshot.load()
    return present.of(catalog, models, data_centers, present.moment(catalog), is_late=is_late)


def test_now_is_the_newest_interval_and_its_reference() -> None:
    hosted()
    prices.backfill(NOON, days=1)
    found = _present()
    assert (found.moment.as_of, found.moment.is_settled) == (NOW, True)
    assert found.reference == DeliveredPrice.objects.filter(interval_start=NOW)[0].reference_microusd_per_mwh
    assert [power.slug for power in found.sites] == ["dfw", "nva", "okc"]
    assert {(power.source, power.freshness) for power in found.sites} == {("demo feed", "fresh")}


def test_a_model_s_price_is_where_the_router_sends_its_requests() -> None:
    hosted()
    third_party()
    prices.backfill(NOON, days=1, feed=ScriptedFeed({NODES["nva"]: 40, NODES["dfw"]: 10, NODES["okc"]: 50}))
    quotes = {quote.card.slug: quote for quote in _present().quotes}
    assert [quotes[slug].route.data_center for slug in ("llama", "gpt") if quotes[slug].route] == ["dfw", ""]
    assert quotes["gpt"].route
    assert quotes["gpt"].route.tick.fee_basis_points == 500
    assert {quote.routes for quote in quotes.values()} == {None}


def test_who_names_a_model_or_a_data_center_sees_the_endpoints_there() -> None:
    hosted()
    hosted("nva", slug="small")
    third_party()
    prices.backfill(NOON, days=1)
    (only,) = _present("llama").quotes
    assert [route.data_center for route in only.routes or ()] == ["nva", "dfw", "okc"]
    there = _present(data_centers=("okc",))
    assert [power.slug for power in there.sites] == ["okc"]
    assert [(quote.card.slug, [route.data_center for route in quote.routes or ()]) for quote in there.quotes] == [("llama", ["okc"])]


def test_a_model_nobody_can_call_has_no_price_now() -> None:
    hosted("nva").endpoints.update(base_url="")
    prices.backfill(NOON, days=1)
    (quote,) = _present("llama").quotes
    assert (quote.route, quote.routes) == (None, ())


@pytest.mark.parametrize(("source", "freshness", "is_shown"), [("ercot", "fresh", True), ("pjm", "fresh", False), ("", "estimated", False)])
def test_a_market_s_price_is_shown_where_it_may_be_passed_on(source: str, freshness: str, is_shown: bool) -> None:
    hosted("nva")
    deliver("nva", NOW, [41 * MICRO], source=source, freshness=freshness)
    (power,) = _present().sites
    assert (power.wholesale, power.delivered) == ((30 * MICRO, 40 * MICRO) if is_shown else (None, None))
    assert (power.smoothed, power.freshness) == (41 * MICRO, freshness)


def test_when_the_next_prices_have_not_come_the_last_ones_are_stale() -> None:
    hosted("nva dfw")
    deliver("nva", NOW, [41 * MICRO])
    deliver("dfw", NOW, [41 * MICRO], freshness="estimated", source="")
    moment = _present().moment
    assert [moment.is_late(NOW + timedelta(minutes=minutes)) for minutes in (5, 20, 21)] == [False, False, True]
    assert [power.freshness for power in _present(is_late=True).sites] == ["estimated", "stale"]


def test_live_markets_are_given_time_before_the_next_prices_are_due(settings: object) -> None:
    moment = present.Moment(NOW, {}, is_settled=True)
    assert moment.next_update_at == NOW + SLOT
    settings.CLOD_ENERGY_FEED = "live"  # type: ignore[attr-defined]
    assert moment.next_update_at == NOW + SLOT + timedelta(seconds=55)
    assert present.Moment(None, {}, is_settled=True).next_update_at is None


def test_between_electricity_and_the_token_prices_that_follow_it_is_not_settled() -> None:
    hosted("nva")
    prices.backfill(NOON, days=1)
    catalog = snapshot.load()
    deliver("nva", NOW + SLOT, [99 * MICRO])
    DeliveredPrice.objects.filter(interval_start=NOW - timedelta(hours=1)).delete()
    assert present.moment(catalog).is_settled is False
    assert present.moment(snapshot.load()).is_settled is True
