"""Every market's answer on an odd day: clocks that change, wild prices, other spellings, halves, errors, doubles. One table for all ten."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from catalog.energy import quality
from catalog.energy.feeds import Ask, FeedError, NoData, PricePoint, SchemaChanged, SourceDown, live
from tests.catalog import answers
from tests.catalog.answers import NODES, WHOLE, ask
from tests.catalog.market_days import PER_MWH, STEP, ZONE, answer, packed, said

USD = 1_000_000
FEEDS = pytest.mark.parametrize("feed", sorted(live.MARKETS))
START = datetime(2026, 11, 22, 15, tzinfo=UTC)
TEXTS = {feed: body.decode() for feed, body in WHOLE.items() if feed not in {"caiso", "ercot"}}
TEXTS |= {"caiso": answers.CAISO, "ercot": answers.ERCOT}
JSON = frozenset({"miso", "comed", "pjm", "aeso"})


def read(feed: str, body: bytes, now: datetime = answers.NOW) -> list[PricePoint]:
    return live.MARKETS[feed].parse(body, ask(feed, now))


# --- the days that are not 24 hours long --------------------------------------------------------------


def local_day(feed: str, day: str) -> list[datetime]:
    """The beginnings of all intervals from one midnight of the market's clock to the next, in UTC."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZONE[feed])
    start, end = midnight.astimezone(UTC), (midnight + timedelta(days=1)).astimezone(UTC)
    return [start + STEP[feed] * number for number in range((end - start) // STEP[feed])]


@FEEDS
@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-07-01", 24), ("2026-11-01", 25)])
def test_a_day_has_as_many_hours_as_its_clock_gives_it(feed: str, day: str, hours: int) -> None:
    starts = local_day(feed, day)
    assert len(starts) * STEP[feed] == timedelta(hours=hours)
    prices = {start: f"{number + 1}" for number, start in enumerate(starts)}
    found = {point.interval_start: point for now, body in said(feed, prices) for point in read(feed, body, now)}
    assert {start: round(point.microusd_per_mwh / PER_MWH[feed] / USD) for start, point in found.items()} == {
        start: number + 1 for number, start in enumerate(starts)
    }
    assert {point.interval_end - point.interval_start for point in found.values()} == {STEP[feed]}


# --- numbers ------------------------------------------------------------------------------------------


@FEEDS
@pytest.mark.parametrize(
    ("written", "number"),
    [("-793.25", -793.25), ("0", 0), ("-.37", -0.37), ("4965.5", 4965.5), ("1,234.50", 1234.5), ("-1,002.75", -1002.75)],
)
def test_a_price_is_read_as_it_is(feed: str, written: str, number: float) -> None:
    point = read(feed, answer(feed, {START: written}), START + STEP[feed])[0]
    assert abs(point.microusd_per_mwh - number * PER_MWH[feed] * USD) <= 1


# --- other bytes, the same prices ---------------------------------------------------------------------


def marked(feed: str) -> str:
    return "\ufeff" + TEXTS[feed]


def with_crlf(feed: str) -> str:
    text = json.dumps(json.loads(TEXTS[feed]), indent=1) if feed in JSON else TEXTS[feed]
    return text.replace("\r\n", "\n").replace("><", ">\n<").replace("\n", "\r\n")


def with_more_columns(feed: str) -> str:
    if feed in JSON:
        return json.dumps(json.loads(TEXTS[feed], object_hook=lambda row: {"new": 1} | row))
    if feed == "ieso":
        return TEXTS[feed].replace("<Flag>", "<New>1</New><Flag>")
    lines = [f"{line},9" for line in TEXTS[feed].splitlines()]
    return "\n".join([f"{lines[0][:-2]},New" if feed != "isone" else lines[0], *lines[1:]]) + "\n"


def doubled(feed: str) -> str:
    if feed in JSON:
        return json.dumps(_doubled(json.loads(TEXTS[feed])))
    if feed == "ieso":
        before, row, after = TEXTS[feed].partition("<ZonalPrice>")
        return before + row + after.partition("</ZonalPrice>")[0] + "</ZonalPrice>" + row + after
    return "\n".join([line for line in TEXTS[feed].splitlines() for _ in range(2 if any(sign.isdecimal() for sign in line) else 1)]) + "\n"


def _doubled(value: object) -> object:
    if isinstance(value, list):
        return [row for row in value for _ in range(2)]
    return {name: _doubled(inner) for name, inner in value.items()} if isinstance(value, dict) else value


@FEEDS
@pytest.mark.parametrize("other", [marked, with_crlf, with_more_columns, doubled])
def test_the_same_prices_are_read(feed: str, other: Callable[[str], str]) -> None:
    points = read(feed, packed(feed, other(feed)))
    whole = read(feed, WHOLE[feed])
    checked = quality.check(points, [NODES[feed]], answers.NOW, {})
    assert (sorted(checked.points, key=lambda point: point.interval_start), checked.remarks) == (whole, [])


@FEEDS
def test_the_nodes_that_are_there_are_read_when_one_is_missing(feed: str) -> None:
    asked = Ask((NODES[feed], "NOWHERE"), answers.NOW, "key")
    points = live.MARKETS[feed].parse(WHOLE[feed], asked)
    assert read(feed, WHOLE[feed]) == [point for point in points if point.node == NODES[feed]]


@pytest.mark.parametrize(
    ("head", "stamp"),
    [
        ("INTERVAL,GMTINTERVALEND,SETTLEMENT_LOCATION,PNODE,LMP,MLC,MCC,MEC,BAA\n", "11/22/2026 15:30:00"),
        (answers.SPP_HEAD, "11/22/2026 15:30"),
    ],
)
def test_spp_has_days_of_another_spelling(head: str, stamp: str) -> None:
    body = answers.SPP.replace(answers.SPP_HEAD, head).replace("11/22/2026 15:30:00", stamp)
    assert read("spp", body.encode()) == read("spp", WHOLE["spp"])


def test_new_england_may_leave_out_the_date_and_write_the_price_s_name_out() -> None:
    body = answers.ISONE.replace("2026-11-22 10:25:00", "10:25:00").replace('"LMP"', '"Locational Marginal Price"')
    assert read("isone", body.encode()) == read("isone", WHOLE["isone"])
    late = answers.ISONE.replace("2026-11-22 10:25:00", "23:55:00").encode()
    assert read("isone", late, datetime(2026, 11, 22, 5, 2, tzinfo=UTC))[0].interval_start == datetime(2026, 11, 22, 4, 55, tzinfo=UTC)


def test_new_york_s_advisory_rows_are_no_prices() -> None:
    """After the newest five-minute price the day's file goes on in quarters of an hour, which are forecasts."""
    quarters = "".join(f'"11/22/2026 {time}:00","WEST",61752,99.00,0,0\r\n' for time in ("10:45", "11:00", "11:15"))
    assert read("nyiso", (answers.NYISO + quarters).encode()) == read("nyiso", WHOLE["nyiso"])
    with pytest.raises(NoData):
        read("nyiso", (answers.NYISO_HEAD + quarters).encode())


# --- what is no data -----------------------------------------------------------------------------------


@FEEDS
def test_half_an_answer_has_no_other_prices(feed: str) -> None:
    whole = set(read(feed, WHOLE[feed]))
    for end in range(len(WHOLE[feed])):
        try:
            points = read(feed, WHOLE[feed][:end])
        except FeedError:
            continue
        assert set(points) <= whole


PAGES = ["<HTML><head>", "\ufeff<!DOCTYPE html>", '<?xml version="1.0"?>\n<!-- x --><html xmlns="x">', " \r\n<!doctype html>"]


@FEEDS
@pytest.mark.parametrize("page", PAGES)
def test_a_web_page_is_an_outage_and_not_a_format(feed: str, page: str) -> None:
    with pytest.raises(SourceDown, match=r"web page|declarations|no zip"):
        read(feed, f"{page}<title>Sign in</title>".encode())


@pytest.mark.parametrize(
    ("feed", "body", "words"),
    [
        ("ercot", "<root>Error Downloading Content - NO Results</root>", "NO Results"),
        ("nyiso", '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "AccessDenied"),
        ("isone", "No data exists for this period.", "No data exists"),
        ("isone", '"C","No data available"\n"T","0"\n', "No data available"),
        ("miso", '{"statusCode": 500, "message": "Internal server error"}', "Internal server error"),
        ("spp", "Error while retrieving file\n", "Error while retrieving file"),
        ("ieso", "<Error><Message>The report is not available</Message></Error>", "The report is not available"),
        ("comed", '{"error": "no prices"}', "no prices"),
        ("pjm", '{"errors": [{"field": "Filters", "message": "A datetime is missing."}]}', "A datetime is missing."),
        ("aeso", '{"message": "Rate limit is exceeded."}', "Rate limit is exceeded."),
    ],
)
def test_an_error_with_status_200_says_what_the_market_said(feed: str, body: str, words: str) -> None:
    with pytest.raises(SourceDown) as outage:
        read(feed, body.encode())
    assert words in str(outage.value)


COLUMNS = {
    "caiso": "INTERVALSTARTTIME_GMT INTERVALENDTIME_GMT NODE LMP_TYPE VALUE",
    "ercot": "DeliveryDate DeliveryHour DeliveryInterval SettlementPointName SettlementPointPrice DSTFlag",
    "nyiso": "Time_Stamp Name LBMP_($/MWHr)",
    "isone": "Local_Time Location_ID LMP",
    "miso": "LMPData RefId FiveMinLMP PricingNode name LMP",
    "spp": "GMTIntervalEnd Settlement_Location LMP",
    "ieso": "DeliveryDate DeliveryHour Interval LmpCap",
    "comed": "millisUTC price",
    "pjm": "datetime_beginning_utc pnode_id total_lmp_rt",
    "aeso": "return begin_datetime_utc system_marginal_price",
}
NEEDED = [(feed, name if feed in {"caiso"} | JSON else name.replace("_", " ")) for feed, names in COLUMNS.items() for name in names.split()]


@pytest.mark.parametrize(("feed", "column"), NEEDED)
def test_a_renamed_column_is_named(feed: str, column: str) -> None:
    with pytest.raises(SchemaChanged) as refusal:
        read(feed, packed(feed, _renamed(TEXTS[feed], column)))
    assert repr(column) in str(refusal.value)


def _renamed(text: str, column: str) -> str:
    """The name as a whole: a CSV's cell, a JSON key, an element."""
    for before, after in (('"', '"'), ("<", ">"), ("</", ">"), (",", ","), ("\n", ","), (",", "\n")):
        text = text.replace(f"{before}{column}{after}", f"{before}Other{after}")
    return f"Other{text[len(column) :]}" if text.startswith(f"{column},") else text
