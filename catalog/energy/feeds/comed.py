"""PJM's ComEd zone (Chicago), as ComEd publishes it: five-minute prices of the last day, JSON.

Unit: US cents per kWh; times 10 it is USD per MWh. Clock: milliseconds since 1970 in UTC, so no summer time; ComEd does not say
which end of the interval they mark, and we take them for its end, so that a price is never younger than it is.
Licence: public without a key under ComEd's terms of use; name ComEd as the source.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from catalog.energy.feeds import Ask, PricePoint, SchemaChanged, reading, web

MARKET, LABEL, KEY_ENV, NODES = "PJM", "ComEd five-minute feed", "", frozenset({"COMED"})
ADDRESS = "https://hourlypricing.comed.com/api?type=5minutefeed"
INTERVAL = timedelta(minutes=5)
USD_PER_MWH = 10.0


def fetch(ask: Ask) -> bytes:
    return web.get(ADDRESS)


def parse(body: bytes, ask: Ask) -> list[PricePoint]:
    rows = reading.parsed_json(body)
    if not isinstance(rows, list):
        raise SchemaChanged("the answer is no list")
    return reading.found([_point(row) for row in rows], ask)


def _point(row: Any) -> PricePoint:
    try:
        end = datetime.fromtimestamp(int(reading.field(row, "millisUTC")) / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise SchemaChanged("millisUTC is not a time in milliseconds") from None
    price = reading.microusd(reading.field(row, "price"), "price", USD_PER_MWH)
    return PricePoint(MARKET, "COMED", end - INTERVAL, end, price)
