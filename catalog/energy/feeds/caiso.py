"""CAISO, California: five-minute locational prices from OASIS, a zip of CSV.

Unit: USD per MWh. Clock: the columns are in UTC, so no summer time; INTERVALSTARTTIME_GMT is the interval's beginning.
Licence: public without a key under CAISO's terms of use; name CAISO as the source. One request in 5 seconds, then 429, in HTML
and without Retry-After.
Quirks: each interval has a row for every component of the price, of which LMP_TYPE "LMP" is the whole; an error is a zip of
XML with status 200. The day-ahead report has MW where this one has VALUE.
"""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from catalog.energy.feeds import Ask, PricePoint, reading, web

MARKET, LABEL, KEY_ENV, NODES = "CAISO", "CAISO OASIS", "", None
REDISTRIBUTABLE = True
ADDRESS = "https://oasis.caiso.com/oasisapi/SingleZip"
BACK, AHEAD = timedelta(hours=1), timedelta(minutes=10)
APART_S = 5


def fetch(ask: Ask) -> bytes:
    span = {"startdatetime": f"{ask.now - BACK:%Y%m%dT%H:%M-0000}", "enddatetime": f"{ask.now + AHEAD:%Y%m%dT%H:%M-0000}"}
    report = {"resultformat": 6, "queryname": "PRC_INTVL_LMP", "version": 3, "market_run_id": "RTM", "node": ",".join(ask.nodes)}
    return web.get(f"{ADDRESS}?{urlencode(report | span)}", apart_s=APART_S)


def parse(body: bytes, ask: Ask) -> list[PricePoint]:
    rows = reading.table(reading.unzipped(body, ".csv"), ("INTERVALSTARTTIME_GMT", "INTERVALENDTIME_GMT", "NODE", "LMP_TYPE", "VALUE"))
    return reading.found([_point(row) for row in rows if row["LMP_TYPE"] == "LMP" and row["NODE"] in ask.nodes], ask)


def _point(row: dict[str, str]) -> PricePoint:
    start, end = _instant(row, "INTERVALSTARTTIME_GMT"), _instant(row, "INTERVALENDTIME_GMT")
    return PricePoint(MARKET, row["NODE"], start, end, reading.microusd(row["VALUE"], "VALUE"))


def _instant(row: dict[str, str], column: str) -> datetime:
    """Written with an offset of -00:00."""
    read = reading.instant(row[column], column)
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
