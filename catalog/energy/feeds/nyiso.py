"""NYISO, New York: five-minute zonal prices, CSV.

Unit: USD per MWh. Clock: America/New_York, stamped with the interval's end, without a flag for the hour that comes twice.
Licence: public without a key under NYISO's terms of use; name NYISO as the source.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

from catalog.energy.feeds import Ask, PricePoint, reading, web

MARKET, LABEL, KEY_ENV, NODES = "NYISO", "NYISO real-time LBMP", "", None
ADDRESS = "https://oasis-postings.prod.nysdi.com/RT_LBMP_ZONE/CSV/current.csv"
ZONE = ZoneInfo("America/New_York")
INTERVAL = timedelta(minutes=5)
STAMP, NAME, PRICE = "Time Stamp", "Name", "LBMP ($/MWHr)"


def fetch(ask: Ask) -> bytes:
    return web.get(ADDRESS)


def parse(body: bytes, ask: Ask) -> list[PricePoint]:
    rows = [row for row in reading.table(reading.text(body), (STAMP, NAME, PRICE)) if row[NAME] in ask.nodes]
    return reading.found([point for node in ask.nodes for point in _points(node, rows, ask)], ask)


def _points(node: str, rows: list[dict[str, str]], ask: Ask) -> list[PricePoint]:
    own = [row for row in rows if row[NAME] == node]
    local = [reading.instant(row[STAMP], STAMP, "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M") for row in own]
    ends = reading.utc_all(local, ZONE, ask.now)
    return [PricePoint(MARKET, node, end - INTERVAL, end, reading.microusd(row[PRICE], PRICE)) for row, end in zip(own, ends, strict=True)]
