"""The back-test says what routing by electricity would have saved, with the product's own tariff and hysteresis."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from catalog.energy import backtest, tariff
from catalog.energy.backtest import Site
from catalog.energy.feeds import NoData, PricePoint, SchemaChanged, replay
from catalog.energy.feeds.replay import ReplayFeed

USD = 10**6
MONDAY = datetime(2024, 8, 5, tzinfo=UTC)
SLOT = timedelta(minutes=5)
HEADER = "timestamp,market,node,price_usd_mwh\n"
DFW, OKC = ("ERCOT", "HB_NORTH"), ("SPP", "SPPSOUTH_HUB")


def a_csv(path: Path, prices: dict[tuple[str, str], list[float]], step: timedelta = SLOT, start: datetime = MONDAY) -> Path:
    lines = [
        f"{start + step * number:%Y-%m-%dT%H:%M:%SZ},{market},{node},{price}\n"
        for (market, node), series in prices.items()
        for number, price in enumerate(series)
    ]
    path.write_text(HEADER + "".join(lines))
    return path


def outcome(here: list[float], there: list[float], **options: object) -> backtest.Outcome:
    points = [
        PricePoint("M", node, MONDAY + SLOT * n, MONDAY + SLOT * (n + 1), round(price * USD))
        for node, series in (("here", here), ("there", there))
        for n, price in enumerate(series)
    ]
    sites = [Site("here", ("M", "here"), 0), Site("there", ("M", "there"), 0)]
    return backtest.run(sites, backtest.quotes_of(points), **options)


def test_two_constant_sites_give_the_figures_of_the_formula() -> None:
    found = outcome([20] * 288, [60] * 288, delay=0)
    assert found.days == 1
    assert found.saving == pytest.approx(1 - 20 / 40)
    assert (found.regret, found.switches_per_day) == (0, 0)
    assert [(share.slug, round(share.saving, 9), share.hours) for share in found.sites] == [
        ("here", 0, 1),
        ("there", pytest.approx(1 - 20 / 60), 0),
    ]
    assert found.sites[1].mean == pytest.approx(60 * 1.03 * USD)


def test_it_moves_once_and_late_when_the_prices_cross_for_good() -> None:
    found = outcome([20] * 144 + [100] * 144, [60] * 288, delay=0)
    assert found.switches_per_day == 1
    assert found.sites[0].hours == (144 + 13) / 288  # 10 % of itself in five minutes, then two intervals beyond the margin
    assert 0 < found.regret < 2 * USD


def test_a_difference_within_the_hysteresis_moves_nobody() -> None:
    assert outcome([20, 20] * 144, [20, 17] * 144).switches_per_day == 0


def test_older_prices_cost_more_regret() -> None:
    waves = [20 if number // 36 % 2 else 90 for number in range(288)]
    others = [110 - price for price in waves]
    assert outcome(waves, others, delay=0).regret < outcome(waves, others, delay=6).regret < outcome(waves, others, delay=12).regret


def test_what_is_paid_is_the_price_of_the_moment_not_the_one_that_was_known() -> None:
    assert outcome([0, 0, 60, 60], [90] * 4, delay=2).sites[0].mean == pytest.approx(60 * 1.03 * USD)


def test_hours_without_load_do_not_count() -> None:
    load = [0.0] * 12 + [1.0] * 12
    assert outcome([20] * 144 + [50] * 144, [60] * 288, load=load).saving == pytest.approx(1 - 50 / 55)


def test_negative_prices_are_free_electricity_delivered_and_stay_negative_at_the_market() -> None:
    found = outcome([-30] * 288, [30] * 288, delay=0)
    assert found.saving == 1
    assert found.sites[0].mean == 0


def test_intervals_without_every_price_are_left_out_and_counted(tmp_path: Path) -> None:
    path = a_csv(tmp_path / "a.csv", {DFW: [20.0] * 48, OKC: [30.0] * 48})
    path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if "T01:" not in line or "SPP" not in line))
    sites = [Site("dfw", DFW, 0), Site("okc", OKC, 0)]
    found = backtest.run(sites, backtest.quotes_of(replay.read([path])), delay=0)
    assert (found.left_out, found.days) == (12, 36 / 288)


@pytest.mark.parametrize(
    ("market", "chosen", "delivered", "reference", "multiplier"),
    [
        ({"DOM": 18, "HB_NORTH": 10, "NP15": 18, "NY-West": 22, "MISO-Minn": 16}, "HB_NORTH", 35.2, 50.9, 0.892),
        ({"DOM": 168, "HB_NORTH": 29, "NP15": 40, "NY-West": 139, "SPP-S": 144, "MISO-Minn": 96}, "HB_NORTH", 54.3, 57.2, 0.983),
        ({"DOM": 46, "HB_NORTH": 23, "NP15": 72, "NY-West": 21, "SPP-S": 154, "MISO-Minn": 3}, "MISO-Minn", 28.2, 59.7, 0.816),
    ],
    ids=["20 May 2024 07:00", "10 July 2024 21:00", "6 October 2024 18:00"],
)
def test_the_worked_moments_come_out(market: dict[str, int], chosen: str, delivered: float, reference: float, multiplier: float) -> None:
    """Market prices to the dollar, adder $25, no smoothing. In May SPP-S stood below zero and was not in the example's set."""
    sites = [Site(name, ("M", name), 25 * USD) for name in market]
    points = [PricePoint("M", name, MONDAY, MONDAY + SLOT, price * USD) for name, price in sorted(market.items())]
    found = backtest.run(sites, backtest.quotes_of(points), delay=0)
    winner = max(found.sites, key=lambda share: share.hours)
    assert winner.slug == chosen
    assert winner.mean / USD == pytest.approx(delivered, abs=0.6)
    assert tariff.multiplier(round(winner.mean), round(reference * USD), 0.35) / tariff.PPM == pytest.approx(multiplier, abs=0.004)


# --- the command -----------------------------------------------------------------------------------


def test_the_command_prints_the_table_without_a_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fives = a_csv(tmp_path / "fives.csv", {OKC: [30.0] * 288, ("SPP", "ELSEWHERE"): [1.0] * 288})
    hours = a_csv(tmp_path / "hours.csv", {DFW: [10.0] * 24}, step=timedelta(hours=1))
    call_command("energy_backtest", str(fives), str(hours), "--delay", "0")
    said = capsys.readouterr().out
    # adder $18 at both: 10 × 1.03 + 18 = 28.30 and 30 × 1.03 + 18 = 48.90
    assert "| dfw okc | 1.0  | 26.7%             | 50.0%           | 0.00         | 0.0          |" in said
    assert "| dfw  | 28.30                | 0.0%         | 100.0%         |" in said
    assert "| okc  | 48.90                | 42.1%        | 0.0%           |" in said


def test_without_files_the_demo_feed_is_played_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("energy_backtest", "--sites", "dfw,okc")
    said = capsys.readouterr().out
    assert said.startswith("Four weeks of the demo feed: typical prices of 2024, not market data.")
    assert "| dfw okc | 28.0 |" in said


def test_sets_of_sites_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = a_csv(tmp_path / "a.csv", {OKC: [30.0] * 24, DFW: [10.0] * 24})
    call_command("energy_backtest", str(path), "--sites", "okc", "--sites", "okc,dfw")
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("| okc ")
    assert lines[3].startswith("| okc dfw ")


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        (HEADER.replace("price_usd_mwh", "price") + "x", [], "a.csv has no column price_usd_mwh"),
        ("", [], "a.csv has no column timestamp"),
        (HEADER, [], "the files hold no prices"),
        (HEADER + "2024-08-05 00:00,SPP,SPPSOUTH_HUB,3\n", [], "a.csv, line 2: timestamp '2024-08-05 00:00' has no time zone"),
        (HEADER + "2024-08-05T00:00:00Z,SPP,SPPSOUTH_HUB,n/a\n", [], "a.csv, line 2: price_usd_mwh 'n/a' is not a number"),
        (HEADER + "2024-08-05T00:00:00Z,SPP,SPPSOUTH_HUB,nan\n", [], "beyond 10,000"),
        (HEADER + "2024-08-05T00:00:00Z,SPP,SPPSOUTH_HUB\n", [], "price_usd_mwh None is not a number"),
        (HEADER + "2024-08-05T00:00:00Z,SPP,NOWHERE,3\n", [], "No data center of the catalog is at any of these nodes: SPP NOWHERE"),
        (HEADER + "2024-08-05T00:00:00Z,SPP,SPPSOUTH_HUB,3\n", ["--sites", "okc,nva"], "no prices for nva. They have some for okc"),
        (HEADER + "2024-08-05T00:00:00Z,SPP,SPPSOUTH_HUB,3\n", ["--delay", "-5"], "--delay cannot be negative"),
        (HEADER + "2024-08-05T00:00:00Z,SPP,SPPSOUTH_HUB,3\n", ["--load", "1,2"], "needs 24 numbers"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, content: str, options: list[str], sentence: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(CommandError, match=sentence.replace("(", r"\(")):
        call_command("energy_backtest", str(path), *options)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nothing\.csv cannot be read: No such file"):
        call_command("energy_backtest", str(tmp_path / "nothing.csv"))


def test_sites_that_never_have_prices_at_once_are_no_set(tmp_path: Path) -> None:
    early = a_csv(tmp_path / "a.csv", {DFW: [10.0] * 12})
    late = a_csv(tmp_path / "b.csv", {OKC: [10.0] * 12}, start=MONDAY + timedelta(days=9))
    with pytest.raises(CommandError, match="dfw, okc: there is no moment at which all of these sites have a price"):
        call_command("energy_backtest", str(early), str(late))


# --- history played again ----------------------------------------------------------------------------


def test_the_replay_plays_the_same_hour_of_the_week_over_and_over(tmp_path: Path) -> None:
    week = a_csv(tmp_path / "week.csv", {DFW: [float(hour) for hour in range(7 * 24)]}, step=timedelta(hours=1))
    feed = ReplayFeed(replay.read([week]))
    tuesday = datetime(2026, 11, 24, 12, tzinfo=UTC)
    played = feed.points([DFW, OKC], tuesday, tuesday + timedelta(hours=2))
    assert [(point.interval_start, point.microusd_per_mwh) for point in played] == [
        (tuesday, 36 * USD),
        (tuesday + timedelta(hours=1), 37 * USD),
    ]
    assert played[0].interval_end == tuesday + timedelta(hours=1)
    sunday = datetime(2026, 11, 29, 23, tzinfo=UTC)
    assert [point.microusd_per_mwh // USD for point in feed.points([DFW], sunday, sunday + timedelta(hours=3))] == [167, 0, 1]
    assert feed.mean(DFW, 0, sunday, sunday) == round(83.5 * 1.03 * USD)
    assert feed.mean(OKC, 0, sunday, sunday) is None


def test_a_replay_needs_a_whole_week(tmp_path: Path) -> None:
    days = a_csv(tmp_path / "days.csv", {DFW: [1.0] * 24 * 6}, step=timedelta(hours=1))
    with pytest.raises(NoData, match="holds no whole week from Monday"):
        ReplayFeed(replay.read([days]))


def test_the_later_line_about_an_interval_counts(tmp_path: Path) -> None:
    path = a_csv(tmp_path / "a.csv", {DFW: [10.0, 11.0]})
    path.write_text(path.read_text() + "2024-08-04T19:00:00-05:00,ERCOT,HB_NORTH,12\n")
    assert [point.microusd_per_mwh // USD for point in replay.read([path])] == [12, 11]


def test_a_column_with_another_name_is_a_changed_schema(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("time,market,node,price_usd_mwh\n")
    with pytest.raises(SchemaChanged, match="no column timestamp"):
        replay.read([path])
