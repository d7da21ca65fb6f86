"""Prices are brought up to date every five minutes: market intervals, delivered prices, ticks."""

import threading
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connections
from time_machine import travel

from catalog import prices, tasks, versions
from catalog.energy import tariff
from catalog.energy.delivered import slot_of
from catalog.models import DeliveredPrice, EnergyPrice, PriceTick
from clod_site.lib.money import usd
from clod_site.schedule import BEAT
from tests.catalog.stock import LIST_IN, LIST_OUT, NODES, NOON, SLOT, ScriptedFeed, data_center, hosted, third_party

pytestmark = pytest.mark.django_db
NVA, DFW, OKC = NODES["nva"], NODES["dfw"], NODES["okc"]
WEEK = 7 * 288
USD = 10**6


def newest(slug: str) -> DeliveredPrice:
    return DeliveredPrice.objects.filter(data_center__slug=slug).latest("interval_start")


def ticks(slug: str) -> list[PriceTick]:
    return list(PriceTick.objects.filter(endpoint__data_center__slug=slug).order_by("valid_from"))


def test_a_first_start_fills_seven_days_for_every_data_center() -> None:
    hosted("nva dfw")
    data_center("okc")
    prices.backfill(NOON)
    for slug in ("nva", "dfw", "okc"):
        rows = DeliveredPrice.objects.filter(data_center__slug=slug)
        assert rows.count() == WEEK
        assert rows.latest("interval_start").interval_start == slot_of(NOON)
        assert rows.earliest("interval_start").interval_start == slot_of(NOON) - timedelta(days=7) + SLOT
    assert EnergyPrice.objects.filter(source="demo").count() == 3 * WEEK
    assert {row.source for row in DeliveredPrice.objects.all()} == {"demo"}
    assert len(ticks("nva")) > WEEK / 2
    assert not ticks("okc")


def test_only_the_gap_is_filled_the_next_time() -> None:
    hosted("nva")
    feed = ScriptedFeed({NVA: 30})
    prices.backfill(NOON, days=1, feed=feed)
    feed.asked.clear()
    assert prices.backfill(NOON + 2 * SLOT, days=1, feed=feed) == 2
    assert feed.asked == [(NVA, slot_of(NOON) + SLOT, slot_of(NOON) + 3 * SLOT)]
    assert prices.backfill(NOON + 2 * SLOT, days=1, feed=feed) == 0
    assert DeliveredPrice.objects.count() == 288 + 2


def test_a_data_center_added_later_gets_its_own_week() -> None:
    hosted("nva")
    feed = ScriptedFeed({NVA: 30, DFW: 20})
    prices.backfill(NOON, feed=feed)
    data_center("dfw")
    prices.recompute(NOON + SLOT, feed)
    assert DeliveredPrice.objects.filter(data_center__slug="dfw").count() == WEEK
    assert DeliveredPrice.objects.filter(data_center__slug="nva").count() == WEEK + 1


def test_a_row_keeps_everything_its_price_follows_from() -> None:
    hosted("nva")
    prices.backfill(NOON, days=1, feed=ScriptedFeed({NVA: 40}, mean_usd=70))
    row, tick = newest("nva"), ticks("nva")[-1]
    assert row.wholesale_microusd_per_mwh == 40 * USD
    assert row.delivered_microusd_per_mwh == row.smoothed_microusd_per_mwh == round(61.2 * USD)
    assert row.reference_microusd_per_mwh == 70 * USD
    assert (row.source, row.freshness) == ("scripted", "fresh")
    assert tick.multiplier_ppm == tariff.multiplier(row.smoothed_microusd_per_mwh, 70 * USD, 0.35) == 956_000
    assert (tick.input_nanousd_per_mtok, tick.output_nanousd_per_mtok) == (usd("0.478"), usd("0.765"))
    assert tick.fee_basis_points == 0


def test_a_jump_reaches_the_price_ten_percent_at_a_time() -> None:
    hosted("nva")
    feed = ScriptedFeed({NVA: 0})
    prices.backfill(NOON, days=1, feed=feed)
    feed.prices[NVA] = 300
    prices.recompute(NOON + 2 * SLOT, feed)
    smoothed = [row.smoothed_microusd_per_mwh for row in DeliveredPrice.objects.order_by("interval_start")][-3:]
    assert smoothed == [20 * USD, 22 * USD, round(24.2 * USD)]


def test_nothing_is_written_while_the_price_stays() -> None:
    hosted("nva")
    feed = ScriptedFeed({NVA: 30})
    prices.backfill(NOON, days=1, feed=feed)
    assert len(ticks("nva")) == 1
    prices.recompute(NOON + 5 * SLOT, feed)
    assert len(ticks("nva")) == 1


def test_a_third_party_tick_is_written_once_and_again_when_the_list_price_changes() -> None:
    gpt = third_party()
    prices.backfill(NOON)
    prices.recompute(NOON + SLOT)
    gpt.input_nanousd_per_mtok = usd("0.123456")
    gpt.save()
    prices.recompute(NOON + 2 * SLOT)
    prices.recompute(NOON + 3 * SLOT)
    first, second = PriceTick.objects.order_by("valid_from")
    assert (first.input_nanousd_per_mtok, first.output_nanousd_per_mtok) == (LIST_IN, LIST_OUT)
    assert second.input_nanousd_per_mtok == usd("0.123456")
    assert {first.fee_basis_points, second.fee_basis_points} == {500}
    assert {first.multiplier_ppm, second.multiplier_ppm} == {tariff.PPM}
    assert second.valid_from == slot_of(NOON + 2 * SLOT)


def test_a_free_hosted_model_has_the_standard_rate_for_after_the_quota() -> None:
    hosted("nva", is_free=True)
    prices.backfill(NOON, days=1, feed=ScriptedFeed({NVA: 30}))
    assert ticks("nva")[0].output_nanousd_per_mtok > 0


def test_a_fixed_price_model_costs_its_list_price_to_the_last_digit() -> None:
    hosted("nva", energy_weight=0, output_nanousd_per_mtok=usd("0.123456"))
    prices.backfill(NOON, days=1, feed=ScriptedFeed({NVA: 300}))
    assert [tick.output_nanousd_per_mtok for tick in ticks("nva")] == [usd("0.123456")]


def test_an_endpoint_may_have_a_list_price_of_its_own() -> None:
    made = hosted("nva", energy_weight=0)
    made.endpoints.update(input_nanousd_per_mtok=usd("0.10"))
    prices.backfill(NOON, days=1, feed=ScriptedFeed({NVA: 30}))
    assert (ticks("nva")[0].input_nanousd_per_mtok, ticks("nva")[0].output_nanousd_per_mtok) == (usd("0.10"), LIST_OUT)


def test_an_endpoint_without_an_address_gets_no_tick_until_it_has_one() -> None:
    made = hosted("nva")
    made.endpoints.update(base_url="")
    feed = ScriptedFeed({NVA: 30})
    prices.backfill(NOON, days=1, feed=feed)
    assert not ticks("nva")
    made.endpoints.update(base_url="http://127.0.0.1:1/v1")
    prices.recompute(NOON, feed)
    assert [tick.valid_from for tick in ticks("nva")] == [slot_of(NOON)]


def test_the_catalog_version_counts_up_with_new_prices_only() -> None:
    hosted("nva")
    feed = ScriptedFeed({NVA: 30})
    prices.backfill(NOON, days=1, feed=feed)
    before = versions.current()
    assert before > 0
    prices.recompute(NOON, feed)
    assert versions.current() == before
    prices.recompute(NOON + SLOT, feed)
    assert versions.current() == before + 1


def test_the_reference_of_a_day_stays_until_midnight() -> None:
    data_center("nva")
    feed = ScriptedFeed({NVA: 30}, mean_usd=70)
    prices.backfill(NOON, days=1, feed=feed)
    feed.mean_usd = 90
    prices.recompute(NOON + SLOT, feed)
    assert newest("nva").reference_microusd_per_mwh == 70 * USD
    prices.recompute(NOON + timedelta(hours=12), feed)
    assert newest("nva").reference_microusd_per_mwh == 90 * USD


def test_the_reference_is_the_stored_mean_where_the_feed_does_not_know_its_past() -> None:
    data_center("nva")
    data_center("dfw")
    feed = ScriptedFeed({NVA: 100, DFW: 0}, mean_usd=None)
    prices.backfill(NOON, days=1, feed=feed)
    assert newest("nva").reference_microusd_per_mwh == 0
    prices.recompute(NOON + timedelta(hours=12), feed)
    assert newest("nva").reference_microusd_per_mwh == (123 + 20) * USD // 2


# --- a feed that fails ---------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "expected"), [(15, "fresh"), (20, "stale"), (60, "stale"), (65, "estimated")])
def test_an_old_price_is_used_then_flagged_then_replaced_by_the_usual_one(minutes: int, expected: str) -> None:
    hosted("nva dfw")
    feed = ScriptedFeed({NVA: 30, DFW: 30})
    prices.backfill(NOON, feed=feed)
    del feed.prices[NVA]
    prices.recompute(NOON + SLOT + timedelta(minutes=minutes), feed)
    row = newest("nva")
    assert row.freshness == expected
    assert row.wholesale_microusd_per_mwh == 30 * USD  # carried on, or the median of the week
    assert newest("dfw").freshness == "fresh"


def test_an_estimated_site_cannot_win_by_more_than_the_hysteresis() -> None:
    data_center("nva")
    data_center("dfw")
    feed = ScriptedFeed({NVA: -10, DFW: 30})
    prices.backfill(NOON, feed=feed)
    del feed.prices[NVA]
    prices.recompute(NOON + timedelta(hours=2), feed)
    assert newest("nva").freshness == "estimated"
    assert newest("nva").delivered_microusd_per_mwh == newest("dfw").delivered_microusd_per_mwh - round(5.09 * USD)


def test_with_all_markets_away_everybody_pays_the_list_price() -> None:
    hosted("nva dfw")
    feed = ScriptedFeed({NVA: 10, DFW: 20})
    prices.backfill(NOON, feed=feed)
    feed.fail()
    prices.recompute(NOON + timedelta(hours=2), feed)
    assert [(ticks(slug)[-1].multiplier_ppm, ticks(slug)[-1].output_nanousd_per_mtok) for slug in ("nva", "dfw")] == [
        (tariff.PPM, LIST_OUT)
    ] * 2


def test_one_market_away_does_not_keep_the_others_from_their_prices() -> None:
    data_center("nva", node=("AESO", "POOL"))
    data_center("dfw")
    prices.backfill(NOON, days=1)
    assert newest("nva").freshness == "estimated"
    assert (newest("dfw").freshness, newest("dfw").source) == ("fresh", "demo")


def test_an_interval_published_again_is_corrected() -> None:
    data_center("nva")
    feed = ScriptedFeed({NVA: 30})
    prices.backfill(NOON, days=1, feed=feed)
    DeliveredPrice.objects.filter(interval_start=slot_of(NOON)).delete()
    feed.prices[NVA] = 33
    prices.recompute(NOON, feed)
    assert EnergyPrice.objects.get(interval_start=slot_of(NOON)).microusd_per_mwh == 33 * USD
    assert EnergyPrice.objects.count() == 288


# --- how it is run -------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_processes_may_do_it_at_once() -> None:
    hosted("nva dfw")
    third_party()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            prices.backfill(NOON, days=1)
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert DeliveredPrice.objects.count() == 2 * 288
    assert PriceTick.objects.filter(endpoint__data_center=None).count() == 1


def test_the_beat_runs_the_task_every_five_minutes() -> None:
    hosted("nva")
    row = BEAT["refresh-prices"]
    assert row["task"] == tasks.refresh_prices.name
    assert row["schedule"].minute == set(range(0, 60, 5))
    with travel(NOON, tick=False):
        tasks.refresh_prices()
    assert newest("nva").interval_start == slot_of(NOON)


def test_the_command_says_how_much_it_wrote(capsys: pytest.CaptureFixture[str]) -> None:
    data_center("nva")
    call_command("backfill_prices", days=1)
    assert capsys.readouterr().out == "288 prices written.\n"
