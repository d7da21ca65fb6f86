"""Each market's answer is read in its own unit and clock; what is not its format is refused and named."""

from datetime import UTC, datetime, timedelta

import pytest
import yaml
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from catalog.energy.feeds import AuthMissing, FeedError, NoData, PricePoint, SchemaChanged, SourceDown, ercot, live
from catalog.energy.feeds.demo import typical_week
from tests.catalog import answers
from tests.catalog.answers import NODES, WHOLE, ask, zipped

USD = 1_000_000
FIVE = timedelta(minutes=5)
FEEDS = pytest.mark.parametrize("feed", sorted(live.MARKETS))


def read(feed: str, body: bytes | str, now: datetime = answers.NOW) -> list[PricePoint]:
    return live.MARKETS[feed].parse(body.encode() if isinstance(body, str) else body, ask(feed, now))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("feed", "start", "minutes", "usd"),
    [
        ("caiso", "2026-11-22 15:25", 5, 34.10),
        ("ercot", "2026-11-22 15:00", 15, 21.50),
        ("nyiso", "2026-11-22 15:25", 5, 18.36),
        ("isone", "2026-11-22 15:25", 5, 52.25),
        ("miso", "2026-11-22 15:25", 5, 16.42),
        ("spp", "2026-11-22 15:25", 5, -3.2551),
        ("ieso", "2026-11-22 15:10", 5, -5 * 0.72),
        ("comed", "2026-11-22 15:25", 5, 31.0),
        ("pjm", "2026-11-22 15:25", 5, 28.113),
        ("aeso", "2026-11-22 15:25", 5, 0.72 * (50 + 4 * 100) / 5),
    ],
)
def test_a_whole_answer_is_read_in_utc_and_dollars(feed: str, start: str, minutes: int, usd: float) -> None:
    newest = read(feed, WHOLE[feed])[-1]
    assert (newest.market, newest.node) == (live.MARKETS[feed].MARKET, NODES[feed])
    assert newest.interval_start == at(start)
    assert newest.interval_end - newest.interval_start == timedelta(minutes=minutes)
    assert newest.microusd_per_mwh == round(usd * USD)


def test_every_market_has_an_answer_here() -> None:
    assert set(WHOLE) == set(live.MARKETS)


@FEEDS
def test_each_module_states_unit_clock_and_licence(feed: str) -> None:
    words = live.MARKETS[feed].__doc__ or ""
    assert all(word in words for word in ("Unit:", "Clock:", "Licence:"))


# --- the hours that summer time adds and takes ------------------------------------------------------


def nyiso_day(ends: list[datetime]) -> str:
    return answers.NYISO_HEAD + "".join(f'"{end:%m/%d/%Y %H:%M:%S}","WEST",61752,{n}.00,0,0\r\n' for n, end in enumerate(ends))


@pytest.mark.parametrize(("now", "start"), [("2026-11-01 05:31", "2026-11-01 05:25"), ("2026-11-01 06:31", "2026-11-01 06:25")])
def test_one_reading_in_the_repeated_hour_is_the_one_nearer_to_now(now: str, start: str) -> None:
    rows = nyiso_day([datetime(2026, 11, 1, 1, 30)])
    assert read("nyiso", rows, at(now))[0].interval_start == at(start)


def test_new_england_s_repeated_hour_is_told_by_the_step_back() -> None:
    head, first, rest = answers.ISONE.partition('"D","2026-11-22 10:25:00","4000"')
    line = first + rest.splitlines()[0]
    stamps = ["2026-11-01 01:50:00", "2026-11-01 01:55:00", "2026-11-01 01:00:00", "2026-11-01 01:05:00"]
    body = head + "\n".join(line.replace("2026-11-22 10:25:00", stamp) for stamp in stamps) + "\n"
    assert [point.interval_start for point in read("isone", body, at("2026-11-01 06:11"))] == [
        at("2026-11-01 05:50"),
        at("2026-11-01 05:55"),
        at("2026-11-01 06:00"),
        at("2026-11-01 06:05"),
    ]


def test_texas_flags_its_repeated_hour() -> None:
    rows = "11/01/2026,2,4,HB_NORTH,HU,21.5,N\n11/01/2026,2,1,HB_NORTH,HU,19.25,Y\n11/01/2026,3,1,HB_NORTH,HU,18,N\n"
    points = read("ercot", zipped(answers.ERCOT_HEAD + rows))
    assert [point.interval_start for point in points] == [at("2026-11-01 06:45"), at("2026-11-01 07:00"), at("2026-11-01 08:00")]


@pytest.mark.parametrize("day", ["2026-07-01", "2026-11-01", "2026-03-08"])
def test_ontario_and_the_midwest_keep_standard_time_all_year(day: str) -> None:
    assert read("ieso", answers.ieso(["40"], day, hour=3))[0].interval_start == at(f"{day} 07:00")
    stamp = f"{at(day):%d-%b-%Y} - Interval 02:05 EST"
    assert read("miso", answers.MISO.replace("22-Nov-2026 - Interval 10:30 EST", stamp))[0].interval_start == at(f"{day} 07:00")


def test_midnight_of_the_midwest_may_be_written_24() -> None:
    body = answers.MISO.replace("Interval 10:30", "Interval 24:00")
    assert read("miso", body)[0].interval_end == at("2026-11-23 05:00")


# --- prices as they really are --------------------------------------------------------------------


def test_alberta_s_price_holds_until_it_changes() -> None:
    points = read("aeso", answers.AESO)
    assert [point.interval_start for point in points] == [at("2026-11-22 15:10") + FIVE * number for number in range(4)]
    assert [point.microusd_per_mwh for point in points[:3]] == [36 * USD] * 3


def test_ontario_s_old_node_has_the_zonal_price() -> None:
    asked = ask("ieso")
    points = live.MARKETS["ieso"].parse(WHOLE["ieso"], type(asked)(("HOEP", "ONTARIO"), asked.now, usd_per_cad=0.5))
    assert [(point.node, point.microusd_per_mwh) for point in points[::3]] == [("HOEP", 20 * USD), ("ONTARIO", 20 * USD)]


def test_a_load_zone_s_first_row_counts() -> None:
    rows = "11/22/2026,10,1,HB_NORTH,HU,21.5,N\n11/22/2026,10,1,HB_NORTH,LZEW,24.1,N\n"
    assert [point.microusd_per_mwh for point in read("ercot", zipped(answers.ERCOT_HEAD + rows))] == [21_500_000]


def test_the_newest_csv_of_texas_is_taken() -> None:
    """The one with the highest number: in the hour that comes twice 01:45 is older than 01:00, whatever the offset says."""
    assert ercot.newest_document(answers.ERCOT_LIST) == "222"
    twice = answers.ERCOT_LIST.replace(b"T09:15", b"T01:45").replace(b"T09:30", b"T01:00")
    assert ercot.newest_document(twice) == "222"
    assert ercot.newest_document(answers.ERCOT_LIST.replace(b'"111"', b'"1000"')) == "1000"
    with pytest.raises(NoData, match="names no CSV document"):
        ercot.newest_document(answers.ERCOT_LIST.replace(b"_csv", b"_xml"))
    with pytest.raises(SchemaChanged, match="DocID is not a number"):
        ercot.newest_document(answers.ERCOT_LIST.replace(b'"222"', b'"../x"'))


def test_spp_answers_without_the_new_column_too() -> None:
    body = "\n".join(line.rpartition(",")[0] for line in answers.SPP.splitlines()[:2]) + "\n"
    assert len(read("spp", body)) == 1


# --- what is not the format -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("feed", "old", "new", "sentence"),
    [
        ("nyiso", "18.36", "n/a", "is not a number"),
        ("nyiso", "18.36", "nan", "is not a price"),
        ("nyiso", "11/22/2026 10:30:00", "2026-11-22T10:30", "Time Stamp '2026-11-22T10:30' is not a time as it used to be"),
        ("isone", "2026-11-22 10:25:00", "25:99", "Local Time '2026-11-22 25:99' is not a time"),
        ("miso", "EST", "EDT", "RefId '22-Nov-2026 - Interval 10:30 EDT' is not like"),
        ("spp", "11/22/2026 15:30:00", "15:30", "GMTIntervalEnd '15:30' is not a time"),
        ("ieso", "<DeliveryHour>11", "<DeliveryHour>25", "DeliveryHour '25' is not a number from 1 to 24"),
        ("pjm", "28.113", '"?"', "total_lmp_rt '?' is not a number"),
    ],
)
def test_a_value_of_another_kind_is_named(feed: str, old: str, new: str, sentence: str) -> None:
    with pytest.raises(SchemaChanged) as refusal:
        read(feed, WHOLE[feed].decode().replace(old, new))
    assert sentence in str(refusal.value)


def test_an_error_with_status_200_is_what_the_market_says() -> None:
    with pytest.raises(SourceDown, match="No data returned for the specified selection"):
        read("caiso", zipped(answers.CAISO_ERROR, "20261122_INVALID_REQUEST.xml"))
    with pytest.raises(SourceDown, match="is no zip file: Too many requests"):
        read("caiso", "Too many requests")


@FEEDS
def test_a_web_page_is_no_data(feed: str) -> None:
    with pytest.raises(SourceDown):
        read(feed, "<!DOCTYPE html><html><body>We are down for maintenance.</body></html>")


@FEEDS
def test_an_answer_that_is_cut_off_is_asked_for_again(feed: str) -> None:
    within_a_row = {"nyiso": b",-1.64", "isone": b',"0","0.25"', "spp": b",16.5,SPP"}
    end = WHOLE[feed].index(within_a_row[feed]) if feed in within_a_row else -10
    with pytest.raises(SourceDown, match="cut off"):
        read(feed, WHOLE[feed][:end])


@FEEDS
@pytest.mark.parametrize("body", [b"", b"   \n", b"\xff\xfe\x00", b"\x00" * 100])
def test_nothing_is_no_data(feed: str, body: bytes) -> None:
    with pytest.raises(FeedError):
        read(feed, body)


@FEEDS
def test_an_answer_without_the_node_says_which(feed: str) -> None:
    asked = type(ask(feed))(("NOWHERE",), answers.NOW, "key")
    if feed in {"comed", "aeso"}:  # one price for all
        return
    with pytest.raises(NoData, match="NOWHERE"):
        live.MARKETS[feed].parse(WHOLE[feed], asked)


@FEEDS
@given(body=st.binary(max_size=300), cut=st.integers(0, 600), junk=st.text(max_size=20))
def test_any_bytes_are_prices_or_a_feed_error(feed: str, body: bytes, cut: int, junk: str) -> None:
    whole = WHOLE[feed]
    for answer in (body, whole[:cut] + junk.encode("utf-8", "replace") + whole[cut:], whole[:cut] + body):
        try:
            points = read(feed, answer)
        except FeedError:
            continue
        assert all(point.interval_start.tzinfo is UTC and isinstance(point.microusd_per_mwh, int) for point in points)


@pytest.mark.parametrize("feed", ["caiso", "ercot"])
def test_a_damaged_zip_is_asked_for_again(feed: str) -> None:
    start = WHOLE[feed].index(b".csv") + 4
    for place in range(start, start + 40):
        with pytest.raises(SourceDown):
            read(feed, WHOLE[feed][:place] + bytes([WHOLE[feed][place] ^ 0xFF]) + WHOLE[feed][place + 1 :])


def test_a_stray_end_of_line_is_no_csv() -> None:
    with pytest.raises(SourceDown, match="is no CSV"):
        read("spp", "Interval,a\rb,LMP\n")
    with pytest.raises(SourceDown, match="is no CSV"):
        read("isone", "a\rb\n")


def test_a_document_with_entities_is_refused() -> None:
    with pytest.raises(SourceDown, match=r"web page|declarations"):
        read("ieso", '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')


@pytest.mark.parametrize("feed", ["pjm", "aeso"])
def test_a_market_with_a_key_says_which_variable_is_missing(feed: str) -> None:
    with pytest.raises(AuthMissing, match=f"set CLOD_{feed.upper()}_KEY"):
        live.MARKETS[feed].fetch(ask(feed, key=""))


def test_each_node_is_asked_of_one_feed() -> None:
    nodes = [("PJM", "DOM"), ("PJM", "COMED"), ("ERCOT", "HB_WEST"), ("ERCOT", "HB_NORTH"), ("IESO", "HOEP"), ("EPEX", "DE")]
    assert live.asked_of(nodes) == {"ercot": ("HB_NORTH", "HB_WEST"), "ieso": ("HOEP",), "comed": ("COMED",), "pjm": ("DOM",)}


def test_every_data_center_s_node_is_known_to_one_live_feed_and_to_the_demo_feed() -> None:
    """Toronto's is still called HOEP: the typical week and past prices are of that name, and the live feed answers to it."""
    rows = yaml.safe_load((settings.BASE_DIR / "catalog/data/data_centers.yaml").read_text())["data_centers"]
    nodes = {(row["market"], row["node"]) for row in rows}
    asked = live.asked_of(nodes)
    assert sorted((live.MARKETS[feed].MARKET, node) for feed, names in asked.items() for node in names) == sorted(nodes)
    assert nodes <= set(typical_week())
    assert ("IESO", "HOEP") in nodes


# --- whose prices may be shown --------------------------------------------------------------------------


@FEEDS
def test_a_market_s_terms_decide_whether_its_raw_price_may_be_shown(feed: str) -> None:
    """Of these three the terms allow copies that name the source; the docstring of each module says what the others say."""
    assert live.may_show(feed) == live.MARKETS[feed].REDISTRIBUTABLE == (feed in {"caiso", "ercot", "ieso"})
    assert ("not passed on" in " ".join((live.MARKETS[feed].__doc__ or "").split())) != live.may_show(feed)


@pytest.mark.parametrize(("source", "expected"), [("demo", True), ("replay", True), ("", False), ("scripted", False)])
def test_made_up_and_replayed_prices_may_be_shown_estimates_and_strangers_not(source: str, expected: bool) -> None:
    assert live.may_show(source) == expected
