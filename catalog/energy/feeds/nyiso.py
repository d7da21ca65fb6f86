"""NYISO, New York: five-minute zonal prices, CSV.

Unit: USD per MWh. Clock: America/New_York, stamped with the interval's end, without a flag for the hour that comes twice.
Licence: public without a key; NYISO's legal notice grants no licence and reserves all rights, so raw prices are not passed on.
Quirks: a day's file goes on with 15-minute advisory prices of the next hours, which are forecasts; those that begin after now are
left out. The old address has the newest interval alone. No source we found tells whether the new one has it, or the day.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

from catalog.energy.feeds import Ask, AuthMissing, PricePoint, SchemaChanged, SourceDown, reading, web

MARKET, LABEL, KEY_ENV, NODES = "NYISO", "NYISO real-time LBMP", "", None
REDISTRIBUTABLE = False
ADDRESS = "https://oasis-postings.prod.nysdi.com/RT_LBMP_ZONE/CSV/current.csv"
OLD_ADDRESS = "https://mis.nyiso.com/public/realtime/realtime_zone_lbmp.csv"
ZONE = ZoneInfo("America/New_York")
INTERVAL = timedelta(minutes=5)
STAMP, NAME, PRICE = "Time Stamp", "Name", "LBMP ($/MWHr)"


def fetch(ask: Ask) -> bytes:
    try:
        return web.get(ADDRESS)
    except (AuthMissing, SchemaChanged, SourceDown):  # an object store says 403 of what it does not have
        return web.get(OLD_ADDRESS)


def parse(body: bytes, ask: Ask) -> list[PricePoint]:
    rows = [row for row in reading.table(reading.text(body), (STAMP, NAME, PRICE)) if row[NAME] in ask.nodes]
    points = [point for node in ask.nodes for point in _points(node, rows, ask)]
    return reading.found([point for point in points if point.interval_start <= ask.now], ask)


def _points(node: str, rows: list[dict[str, str]], ask: Ask) -> list[PricePoint]:
    own = [row for row in rows if row[NAME] == node]
    local = [reading.instant(row[STAMP], STAMP, "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M") for row in own]
    ends = reading.utc_all(local, ZONE, ask.now)
    return [PricePoint(MARKET, node, end - INTERVAL, end, reading.microusd(row[PRICE], PRICE)) for row, end in zip(own, ends, strict=True)]
