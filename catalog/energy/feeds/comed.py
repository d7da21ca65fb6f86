"""PJM's ComEd zone (Chicago), as ComEd publishes it: five-minute prices of the last day, JSON.

Unit: US cents per kWh to one decimal; times 10 it is USD per MWh. ComEd's own factors for losses and unpaid bills are in it, so it
is not PJM's price to the cent. Clock: milliseconds since 1970 in UTC, so no summer time; ComEd does not say which end of the
interval they mark, and we take them for its end, as others do, so that a price is never younger than it is. Newest first, with gaps.
Licence: public without a key. No source we found states terms, and the prices are PJM's, so raw prices are not passed on.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from catalog.energy.feeds import Ask, PricePoint, SchemaChanged, reading, web

MARKET, LABEL, KEY_ENV, NODES = "PJM", "ComEd five-minute feed", "", frozenset({"COMED"})
REDISTRIBUTABLE = False
ADDRESS = "https://hourlypricing.comed.com/api?type=5minutefeed"
INTERVAL = timedelta(minutes=5)
USD_PER_MWH = 10.0


def fetch(ask: Ask) -> bytes:
    return web.get(ADDRESS)


def parse(body: bytes, ask: Ask) -> list[PricePoint]:
    return reading.found([_point(row) for row in reading.listed(reading.parsed_json(body))], ask)


def _point(row: Any) -> PricePoint:
    try:
        end = datetime.fromtimestamp(int(reading.field(row, "millisUTC")) / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise SchemaChanged("millisUTC is not a time in milliseconds") from None
    price = reading.microusd(reading.field(row, "price"), "price", USD_PER_MWH)
    return PricePoint(MARKET, "COMED", end - INTERVAL, end, price)
