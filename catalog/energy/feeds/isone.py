"""ISO New England: preliminary five-minute prices, CSV whose lines begin with C (comment), H (heads), D (data) or T (total).

Unit: USD per MWh. Clock: America/New_York, the interval's beginning, without a flag for the hour that comes twice.
Licence: public without a key under ISO-NE's terms of use; name ISO New England as the source.
Quirks: the file is refused without the cookie of a page visited before; locations are numbers.
"""

import csv
import io
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from catalog.energy.feeds import Ask, PricePoint, SchemaChanged, SourceDown, reading, web

MARKET, LABEL, KEY_ENV = "ISONE", "ISO-NE five-minute LMP", ""
ADDRESS = "https://www.iso-ne.com/transform/csv/fiveminlmp/current?type=prelim"
PAGE = "https://www.iso-ne.com/isoexpress/web/reports/pricing/-/tree/lmps-rt-five-minute-prelim"
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
COLUMNS = ("Local Time", "Location ID", "LMP")


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
    heads = [part for part in parts if part and part[0] == "H"]
    if not heads:
        raise SchemaChanged("there is no line of heads")
    if missing := [column for column in COLUMNS if column not in heads[0]]:
        raise SchemaChanged(f"there is no column {missing[0]!r}; the columns are {', '.join(heads[0][1:])}")
    data = [part for part in parts if part and part[0] == "D"]
    if any(len(part) != len(heads[0]) for part in data):
        raise SourceDown("a line is cut off")
    return [dict(zip(heads[0], part, strict=True)) for part in data]


def _points(node: str, rows: list[dict[str, str]], ask: Ask) -> list[PricePoint]:
    own = [row for row in rows if row["Location ID"] == LOCATIONS.get(node)]
    starts = reading.utc_all([_local(row) for row in own], ZONE, ask.now)
    return [
        PricePoint(MARKET, node, start, start + INTERVAL, reading.microusd(row["LMP"], "LMP"))
        for row, start in zip(own, starts, strict=True)
    ]


def _local(row: dict[str, str]) -> datetime:
    return reading.instant(row["Local Time"], "Local Time", "%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M")
