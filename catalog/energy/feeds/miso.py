"""MISO, the Midwest: the newest five-minute prices of all hubs, JSON.

Unit: USD per MWh. Clock: Eastern Standard Time all year, stamped with the interval's end: "22-Nov-2026 - Interval 10:25 EST".
Licence: public without a key, at most once a minute; MISO's terms of use forbid to publish what is read or derived, so raw prices
are not passed on.
"""

import re
from datetime import datetime, timedelta
from typing import Any

from catalog.energy.feeds import Ask, PricePoint, SchemaChanged, reading, web

MARKET, LABEL, KEY_ENV, NODES = "MISO", "MISO consolidated LMP table", "", None
REDISTRIBUTABLE = False
ADDRESS = "https://public-api.misoenergy.org/api/MarketPricing/GetLmpConsolidatedTable"
INTERVAL = timedelta(minutes=5)
STAMP = re.compile(r"(\d{1,2}-[A-Za-z]{3}-\d{4}) - Interval (\d{1,2}):(\d{2})(?::\d{2})? EST", re.ASCII)


def fetch(ask: Ask) -> bytes:
    return web.get(ADDRESS)


def parse(body: bytes, ask: Ask) -> list[PricePoint]:
    data = reading.field(reading.parsed_json(body), "LMPData")
    end = _end(reading.field(data, "RefId"))
    nodes = reading.entries(reading.field(data, "FiveMinLMP"), "PricingNode")
    prices = {str(reading.field(node, "name")): reading.field(node, "LMP") for node in nodes}
    points = [PricePoint(MARKET, name, end - INTERVAL, end, reading.microusd(prices[name], "LMP")) for name in ask.nodes if name in prices]
    return reading.found(points, ask)


def _end(stamp: Any) -> datetime:
    match = STAMP.fullmatch(str(stamp).strip())
    if match is None:
        raise SchemaChanged(f"RefId {str(stamp)[:60]!r} is not like '22-Nov-2026 - Interval 10:25 EST'")
    day, hour, minute = match.groups()  # midnight may be written 24:00
    local = reading.instant(day, "RefId", "%d-%b-%Y") + timedelta(hours=int(hour), minutes=int(minute))
    return reading.utc(local, reading.EASTERN_STANDARD)
