"""Live markets: each is asked on its own, what passes the gate is stored, and every run leaves its trace."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from time_machine import travel

from catalog import markets, prices, tasks
from catalog.energy.feeds import Ask, FeedError, PricePoint, RateLimited, SchemaChanged, SourceDown, live
from catalog.models import DeliveredPrice, EnergyPrice, PriceJob, PriceTick
from tests.catalog.stock import LIST_OUT, NODES, NOON, SLOT, data_center, hosted

pytestmark = pytest.mark.django_db
USD = 10**6
SPP, ERCOT = NODES["okc"], NODES["dfw"]
Answer = Callable[[Ask], list[PricePoint]]


@pytest.fixture(autouse=True)
def live_mode(settings: pytest.FixtureRequest) -> None:
    settings.CLOD_ENERGY_FEED = "live"


class Scripted:
    """A market that says what a test wants, without a network."""

    KEY_ENV, NODES = "", None

    def __init__(self, market: str, price: float = 30, error: Exception | None = None) -> None:
        self.MARKET, self.LABEL = market, f"{market} live"
        self.price, self.error, self.asked = price, error, []

    def fetch(self, ask: Ask) -> bytes:
        self.asked.append(ask)
        if self.error:
            raise self.error
        return b""

    def parse(self, body: bytes, ask: Ask) -> list[PricePoint]:
        start = prices.delivered.slot_of(ask.now) - SLOT
        return [PricePoint(self.MARKET, node, start, start + SLOT, round(self.price * USD)) for node in ask.nodes]


@pytest.fixture
def spp(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    market = Scripted("SPP")
    monkeypatch.setitem(live.MARKETS, "spp", market)
    return market


@pytest.fixture
def ercot(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    market = Scripted("ERCOT", 20)
    monkeypatch.setitem(live.MARKETS, "ercot", market)
    return market


def job(name: str = "spp") -> PriceJob:
    return PriceJob.objects.get(name=name)


def newest(slug: str) -> DeliveredPrice:
    return DeliveredPrice.objects.filter(data_center__slug=slug).latest("interval_start")


def test_a_market_s_price_becomes_the_token_price(spp: Scripted) -> None:
    hosted("okc")
    markets.ask("spp", NOON)
    markets.recompute(NOON)
    assert spp.asked[0].nodes == ("SPPSOUTH_HUB",)
    row = newest("okc")
    assert (row.wholesale_microusd_per_mwh, row.source, row.freshness) == (30 * USD, "spp", "fresh")
    assert PriceTick.objects.get().delivered_price == row
    assert live.LABELS["spp"] == "SPP RTBM LMP"


def test_the_first_price_of_a_site_is_now_s_and_its_past_is_not_made_up(spp: Scripted) -> None:
    data_center("okc")
    markets.ask("spp", NOON)
    markets.recompute(NOON)
    assert DeliveredPrice.objects.count() == 1
    markets.recompute(NOON + 3 * SLOT)
    assert DeliveredPrice.objects.count() == 4


def test_a_run_leaves_its_trace(spp: Scripted) -> None:
    data_center("okc")
    markets.ask("spp", NOON)
    done = job()
    assert (done.label, done.outcome, done.stored, done.failures_in_a_row, done.message) == ("SPP live", "ok", 1, 0, "")
    assert (done.last_run_at, done.newest_interval_end) == (NOON, prices.delivered.slot_of(NOON))


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (SourceDown("no answer"), "SourceDown"),
        (SchemaChanged("there is no column 'LMP'"), "SchemaChanged"),
        (SoftTimeLimitExceeded(), "Failed"),
        (ZeroDivisionError("x"), "Failed"),
    ],
)
def test_a_failure_is_recorded_and_disturbs_nobody(spp: Scripted, ercot: Scripted, error: Exception, outcome: str) -> None:
    hosted("okc dfw")
    markets.ask("spp", NOON - SLOT)
    spp.error = error
    markets.ask("spp", NOON)
    markets.ask("spp", NOON + SLOT)
    markets.ask("ercot", NOON + SLOT)
    markets.recompute(NOON + SLOT)
    failed = job()
    assert (failed.outcome, failed.failures_in_a_row, failed.stored) == (outcome, 2, 0)
    assert str(error) in failed.message
    assert failed.newest_interval_end == prices.delivered.slot_of(NOON - SLOT)
    assert (newest("dfw").freshness, newest("okc").freshness) == ("fresh", "fresh")  # ten minutes old
    spp.error = None
    markets.ask("spp", NOON + 2 * SLOT)
    assert (job().outcome, job().failures_in_a_row) == ("ok", 0)


def test_a_changed_format_is_an_error_in_the_log_and_an_outage_a_warning(spp: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    data_center("okc")
    for spp.error in (SchemaChanged("there is no column 'LMP'"), SourceDown("status 500")):
        markets.ask("spp", NOON)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "SPP live: SchemaChanged: there is no column 'LMP'"),
        ("WARNING", "SPP live: SourceDown: status 500"),
    ]


def test_a_market_that_asks_us_to_wait_is_left_alone_for_so_long(spp: Scripted) -> None:
    data_center("okc")
    spp.error = RateLimited("too many requests", 600)
    markets.ask("spp", NOON)
    assert markets.due(NOON + SLOT) == []
    assert markets.due(NOON + 2 * SLOT) == ["spp"]


def test_only_the_markets_of_active_data_centers_are_asked() -> None:
    data_center("okc")
    switched_off = data_center("dfw")
    switched_off.active = False
    switched_off.save()
    data_center("nva")
    assert markets.due(NOON) == ["spp", "pjm"]


def test_a_key_comes_from_the_settings(monkeypatch: pytest.MonkeyPatch, settings: pytest.FixtureRequest) -> None:
    data_center("nva")
    market = Scripted("PJM")
    market.KEY_ENV = "CLOD_PJM_KEY"
    monkeypatch.setitem(live.MARKETS, "pjm", market)
    settings.CLOD_PJM_KEY, settings.CLOD_USD_PER_CAD = "secret", 0.8
    markets.ask("pjm", NOON)
    assert (market.asked[0].key, market.asked[0].usd_per_cad) == ("secret", 0.8)


def test_without_its_key_a_market_says_so() -> None:
    data_center("nva")
    markets.ask("pjm", NOON)
    assert (job("pjm").outcome, job("pjm").message) == ("AuthMissing", "PJM wants an API key: set CLOD_PJM_KEY")


# --- the gate --------------------------------------------------------------------------------------


def test_a_spike_is_stored_and_flagged(spp: Scripted) -> None:
    data_center("okc")
    for number in range(3):
        markets.ask("spp", NOON + number * SLOT)
    spp.price = 900
    markets.ask("spp", NOON + 3 * SLOT)
    assert [(row.microusd_per_mwh, row.flag) for row in EnergyPrice.objects.order_by("-interval_start")[:2]] == [
        (900 * USD, "spike"),
        (30 * USD, ""),
    ]


def test_what_is_refused_is_remarked(spp: Scripted) -> None:
    data_center("okc")
    spp.price = 20_000
    markets.ask("spp", NOON)
    assert not EnergyPrice.objects.exists()
    assert (job().outcome, job().stored) == ("ok", 0)
    assert "$20,000.00 is beyond what SPP can cost" in job().message


def test_a_frozen_feed_is_left_to_age(spp: Scripted) -> None:
    data_center("okc")
    for number in range(48):
        markets.ask("spp", NOON + number * SLOT)
        assert (job().outcome == "Frozen") == (number >= 11)
    assert EnergyPrice.objects.filter(flag="frozen").count() == 48 - 11
    markets.recompute(NOON + 47 * SLOT)
    assert newest("okc").freshness == "estimated"
    assert "SPPSOUTH_HUB: the same price for 12 intervals" in job().message
    spp.price = 31
    markets.ask("spp", NOON + 48 * SLOT)
    markets.recompute(NOON + 48 * SLOT)
    assert (job().outcome, newest("okc").wholesale_microusd_per_mwh, newest("okc").freshness) == ("ok", 31 * USD, "fresh")


# --- when a market stays silent -----------------------------------------------------------------------


def silent_since_noon(hours: float) -> DeliveredPrice:
    hosted("okc")
    markets.ask("spp", NOON)
    markets.recompute(NOON)
    later = NOON + timedelta(hours=hours)
    markets.recompute(later)
    return newest("okc")


def test_its_last_price_is_used_while_it_is_young(spp: Scripted) -> None:
    row = silent_since_noon(0.5)
    assert (row.source, row.freshness, row.wholesale_microusd_per_mwh) == ("spp", "stale", 30 * USD)


def test_then_everybody_pays_the_list_price(spp: Scripted) -> None:
    row = silent_since_noon(2)
    assert (row.source, row.freshness) == ("", "estimated")
    assert PriceTick.objects.latest("valid_from").output_nanousd_per_mtok == LIST_OUT


def test_the_demo_feed_stands_in_where_it_was_chosen_until_the_market_is_back(spp: Scripted, settings: pytest.FixtureRequest) -> None:
    settings.CLOD_ENERGY_FALLBACK = "demo"
    assert silent_since_noon(0.5).source == "spp"
    markets.recompute(NOON + timedelta(hours=2))
    assert (newest("okc").source, newest("okc").freshness) == ("demo", "fresh")
    back = NOON + timedelta(hours=2) + SLOT
    markets.recompute(back)
    spp.price = 44
    markets.ask("spp", back)  # its newest interval is the one before
    markets.recompute(back + SLOT)
    assert (newest("okc").source, newest("okc").wholesale_microusd_per_mwh) == ("spp", 44 * USD)
    assert not EnergyPrice.objects.filter(source="demo", interval_start__gt=back - 2 * SLOT).exists()


# --- how it is run -------------------------------------------------------------------------------------


def test_the_beat_asks_every_market_in_a_task_of_its_own_then_recomputes(monkeypatch: pytest.MonkeyPatch) -> None:
    data_center("okc")
    data_center("dfw")
    sent = []
    for task in (tasks.ask_market, tasks.recompute_prices):
        monkeypatch.setattr(task, "apply_async", lambda name=task.name, **options: sent.append((name.rpartition(".")[2], options)))
    with travel(NOON, tick=False):
        tasks.refresh_prices()
    assert [(name, options.get("args")) for name, options in sent] == [
        ("ask_market", (sent[0][1]["args"][0],)),
        ("ask_market", (sent[1][1]["args"][0],)),
        ("recompute_prices", None),
    ]
    assert {options["args"][0] for _, options in sent[:2]} == {"spp", "ercot"}
    assert sent[2][1]["countdown"] >= tasks.ask_market.time_limit


def test_the_tasks_do_what_they_are_called(spp: Scripted) -> None:
    data_center("okc")
    with travel(NOON, tick=False):
        tasks.ask_market("spp")
        tasks.recompute_prices()
    assert newest("okc").source == "spp"
    assert (job("recompute").outcome, job("recompute").stored) == ("ok", 1)


def test_a_recompute_that_fails_is_recorded_and_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> int:
        raise FeedError("the feed is broken")

    monkeypatch.setattr(prices, "recompute", broken)
    with pytest.raises(FeedError):
        markets.recompute(NOON)
    assert (job("recompute").outcome, job("recompute").message) == ("FeedError", "the feed is broken")


def test_history_can_be_replayed(settings: pytest.FixtureRequest, tmp_path: pytest.TempPathFactory) -> None:
    hosted("okc")
    week = tmp_path / "week.csv"
    rows = "".join(f"2024-08-{5 + hour // 24:02d}T{hour % 24:02d}:00:00Z,SPP,SPPSOUTH_HUB,{hour}\n" for hour in range(7 * 24))
    week.write_text("timestamp,market,node,price_usd_mwh\n" + rows)
    settings.CLOD_ENERGY_FEED, settings.CLOD_ENERGY_REPLAY = "replay", (str(week),)
    with travel(NOON, tick=False):  # a Sunday
        tasks.refresh_prices()
    row = newest("okc")
    assert (row.source, row.wholesale_microusd_per_mwh) == ("replay", (6 * 24 + 12) * USD)
    assert DeliveredPrice.objects.count() == 7 * 288
