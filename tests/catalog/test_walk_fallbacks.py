"""One node through every stage of the fallback order and back: live, last known while young, demo where chosen or an estimate, live again.

The market is asked and everything recomputed every five minutes, as the beat does it. Minutes count from noon.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from catalog import markets, prices
from catalog.energy import tariff
from catalog.energy.delivered import slot_of
from catalog.energy.feeds import Ask, PricePoint, SourceDown, live
from catalog.energy.feeds.demo import DemoFeed
from catalog.models import DeliveredPrice, EnergyPrice, PriceJob, PriceTick
from tests.catalog.stock import LIST_OUT, NODES, NOON, SLOT, hosted

pytestmark = pytest.mark.django_db
USD = 10**6
OKC, DFW = NODES["okc"], NODES["dfw"]
ADDER, REFERENCE, USUAL = 20, 50, 25
LAST = 35  # the minute of the market's last answer before it falls silent
BACK = 130


class Scripted:
    """A market that says a price a run, or nothing."""

    KEY_ENV, NODES = "", None

    def __init__(self, market: str, script: Callable[[int], float | None]) -> None:
        self.MARKET, self.LABEL, self.script = market, market, script

    def fetch(self, ask: Ask) -> bytes:
        if self.script(minute(ask)) is None:
            raise SourceDown("no answer within 15 s")
        return b""

    def parse(self, body: bytes, ask: Ask) -> list[PricePoint]:
        end, price = slot_of(ask.now), self.script(minute(ask)) or 0
        return [PricePoint(self.MARKET, node, end - SLOT, end, round(price * USD)) for node in ask.nodes]


def minute(ask: Ask) -> int:
    return (slot_of(ask.now) - slot_of(NOON)) // timedelta(minutes=1)


def oklahoma(at: int) -> float | None:
    """Prices that move, one spike, an hour and a half of silence, and prices again."""
    if LAST < at < BACK:
        return None
    return 900 if at == 30 else 30 + at / 5 % 7


@dataclass
class Seen:
    source: str
    freshness: str
    wholesale_usd: float
    flag: str
    outcome: str
    token_price: int


@pytest.fixture
def walk(monkeypatch: pytest.MonkeyPatch, settings: pytest.FixtureRequest) -> Callable[[str], dict[int, Seen]]:
    hosted("okc dfw")
    monkeypatch.setitem(live.MARKETS, "spp", Scripted("SPP", oklahoma))
    monkeypatch.setitem(live.MARKETS, "ercot", Scripted("ERCOT", lambda at: 20 + at / 100))
    settings.CLOD_ENERGY_FEED = "live"
    yesterday()

    def walked(fallback: str) -> dict[int, Seen]:
        settings.CLOD_ENERGY_FALLBACK = fallback
        return {at: step(at) for at in range(0, BACK + 15, 5)}

    return walked


def yesterday() -> None:
    """What the reference and the usual price of an hour are made of."""
    day = slot_of(NOON) - timedelta(days=1)
    usual = [PricePoint(*OKC, day + SLOT * n, day + SLOT * (n + 1), USUAL * USD) for n in range(36)]
    prices.store_points("spp", usual)
    for site in prices.DataCenter.objects.all():
        row = {"wholesale": USUAL, "delivered": REFERENCE, "smoothed": REFERENCE, "reference": REFERENCE}
        amounts = {f"{name}_microusd_per_mwh": usd * USD for name, usd in row.items()}
        DeliveredPrice.objects.create(data_center=site, interval_start=slot_of(NOON) - SLOT, source="spp", freshness="fresh", **amounts)


def step(at: int) -> Seen:
    now = NOON + timedelta(minutes=at)
    markets.ask("spp", now)
    markets.ask("ercot", now)
    markets.recompute(now)
    row = DeliveredPrice.objects.filter(data_center__slug="okc").latest("interval_start")
    assert row.interval_start == slot_of(now)
    newest = EnergyPrice.objects.filter(market="SPP", source="spp").latest("interval_start")
    tick = PriceTick.objects.filter(endpoint__data_center__slug="okc").latest("valid_from")
    outcome = PriceJob.objects.get(name="spp").outcome
    return Seen(row.source, row.freshness, row.wholesale_microusd_per_mwh / USD, newest.flag, outcome, tick.output_nanousd_per_mtok)


def stages(seen: dict[int, Seen]) -> list[tuple[int, str, str]]:
    """Where the source or its trust changes."""
    found: list[tuple[int, str, str]] = []
    for at, now in seen.items():
        if not found or found[-1][1:] != (now.source, now.freshness):
            found.append((at, now.source, now.freshness))
    return found


def test_without_a_stand_in_the_order_is_live_last_known_estimate_live(walk: Callable[[str], dict[int, Seen]]) -> None:
    seen = walk("none")
    assert stages(seen) == [(0, "spp", "fresh"), (55, "spp", "stale"), (100, "", "estimated"), (130, "spp", "fresh")]
    assert {seen[at].wholesale_usd for at in range(LAST, 100, 5)} == {oklahoma(LAST)}
    assert {seen[at].wholesale_usd for at in range(100, BACK, 5)} == {USUAL}
    assert {seen[at].wholesale_usd == oklahoma(at) for at in range(BACK, BACK + 15, 5)} == {True}


def test_with_the_demo_feed_chosen_it_stands_in_from_the_hour_on_and_leaves_no_trace_after(walk: Callable[[str], dict[int, Seen]]) -> None:
    seen = walk("demo")
    assert stages(seen) == [(0, "spp", "fresh"), (55, "spp", "stale"), (95, "demo", "fresh"), (130, "spp", "fresh")]
    for at in range(95, BACK, 5):
        slot = slot_of(NOON) + timedelta(minutes=at)
        (made_up,) = DemoFeed().points([OKC], slot, slot + SLOT)
        assert seen[at].wholesale_usd == made_up.microusd_per_mwh / USD
    assert seen[BACK].wholesale_usd == oklahoma(BACK)
    assert not EnergyPrice.objects.filter(source="demo", interval_start__gte=slot_of(NOON) + timedelta(minutes=BACK - 5)).exists()


@pytest.mark.parametrize("fallback", ["none", "demo"])
def test_flags_outcomes_and_token_prices_change_with_the_stages(walk: Callable[[str], dict[int, Seen]], fallback: str) -> None:
    seen = walk(fallback)
    assert [at for at, now in seen.items() if now.flag] == [30]
    assert seen[30].flag == "spike"
    assert {now.outcome for at, now in seen.items() if LAST < at < BACK} == {"SourceDown"}
    assert {now.outcome for at, now in seen.items() if not LAST < at < BACK} == {"ok"}
    assert seen[30].token_price > seen[25].token_price, "a spike reaches the token price, ten percent at a time"
    assert len({now.token_price for now in seen.values()}) > 5
    for at, now in seen.items():
        row = DeliveredPrice.objects.get(data_center__slug="okc", interval_start=slot_of(NOON) + timedelta(minutes=at))
        multiplier = tariff.multiplier(row.smoothed_microusd_per_mwh, REFERENCE * USD, 0.35)
        assert now.token_price == tariff.token_price(LIST_OUT, multiplier)
