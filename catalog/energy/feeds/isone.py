"""ISO New England: preliminary five-minute prices, CSV whose lines begin with C (comment), H (heads), D (data) or T (total).

Unit: USD per MWh. Clock: America/New_York, the interval's beginning, without a flag for the hour that comes twice.
Licence: public without a key; ISO-NE's terms warn against duplication and use that is not personal, so raw prices are not passed on.
Quirks: the file is refused with 403 without the cookie of a page visited before, and from some countries with it; locations are
numbers; "No data exists for this period." comes with status 200. No source we found tells whether Local Time has a date here, or
whether the price is called LMP as in the five-minute history or by its long name as in the hourly one: both are read.
"""

import csv
import io
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from catalog.energy.feeds import Ask, PricePoint, SchemaChanged, SourceDown, reading, web

MARKET, LABEL, KEY_ENV = "ISONE", "ISO-NE five-minute LMP", ""
REDISTRIBUTABLE = False
ADDRESS = "https://www.iso-ne.com/transform/csv/fiveminlmp/current?type=prelim"
PAGE = "https://www.iso-ne.com/isoexpress/web/reports/operations/-/tree/gen-fuel-mix"
ZONE = ZoneInfo("America/New_York")
INTERVAL = timedelta(minutes=5)
LOCATIONS = {
    ".H.INTERNAL_HUB": "4000",
    ".Z.MAINE": "4001",
    ".Z.NEWHAMPSHIRE": "4002",
    ".Z.VERMONT": "4003",
    ".Z.CONNECTICUT": "4004",
    ".Z.RHODEISLAND": "4005",
    ".Z.SEMASS": "4006",
    ".Z.WCMASS": "4007",
    ".Z.NEMASSBOST": "4008",
}
NODES = frozenset(LOCATIONS)
STAMP, LOCATION, PRICE = "Local Time", "Location ID", "LMP"
LONG_NAMES = {"Locational Marginal Price": PRICE}
DATED = "%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M"
AHEAD = timedelta(minutes=20)


def fetch(ask: Ask) -> bytes:
    return web.get(ADDRESS, cookie=web.cookie(PAGE))


def parse(body: bytes, ask: Ask) -> list[PricePoint]:
    rows = _rows(reading.text(body))
    return reading.found([point for node in ask.nodes for point in _points(node, rows, ask)], ask)


def _rows(lines: str) -> list[dict[str, str]]:
    """The first head line has the names, the second one their types."""
    try:
        parts = list(csv.reader(io.StringIO(lines), skipinitialspace=True))
    except csv.Error as error:
        raise SourceDown(f"the answer is no CSV: {error}") from None
    names = _heads(parts, lines)
    data = [part for part in parts if part and part[0] == "D"]
    if any(len(part) != len(names) for part in data):
        raise SourceDown("a line is cut off")
    return [dict(zip(names, part, strict=True)) for part in data]


def _heads(parts: list[list[str]], lines: str) -> list[str]:
    heads = next((part for part in parts if part and part[0] == "H"), None)
    if heads is None:
        if any(part and part[0] == "D" for part in parts):
            raise SchemaChanged("there is no line of heads")
        raise SourceDown(f"the market answers {' '.join(lines.split())[:160]}")
    names = [LONG_NAMES.get(name.strip(), name.strip()) for name in heads]
    if missing := [column for column in (STAMP, LOCATION, PRICE) if column not in names]:
        raise SchemaChanged(f"there is no column {missing[0]!r}; the columns are {', '.join(names[1:])}")
    return names


def _points(node: str, rows: list[dict[str, str]], ask: Ask) -> list[PricePoint]:
    own = [row for row in rows if row[LOCATION] == LOCATIONS.get(node)]
    starts = reading.utc_all([_local(row[STAMP], ask.now) for row in own], ZONE, ask.now)
    prices = [reading.microusd(row[PRICE], PRICE) for row in own]
    return [PricePoint(MARKET, node, start, start + INTERVAL, price) for start, price in zip(starts, prices, strict=True)]


def _local(stamp: str, now: datetime) -> datetime:
    """A reading without a date is the last one of its kind before now, give or take a clock that is ahead of ours."""
    if len(stamp.strip()) > len("00:00:00"):
        return reading.instant(stamp, STAMP, *DATED)
    today = now.astimezone(ZONE).replace(tzinfo=None)
    local = reading.instant(f"{today:%Y-%m-%d} {stamp.strip()}", STAMP, "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")
    return local if local <= today + AHEAD else local - timedelta(days=1)
