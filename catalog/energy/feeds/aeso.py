"""AESO, Alberta: the system marginal price, whenever it changes, JSON. The means of five minutes are made of it here.

Unit: Canadian dollars per MWh, converted at the rate in ``ask``. Clock: begin_datetime_utc is in UTC, to the minute, so no
summer time; a price holds until the next one begins (the end that the newest one states is the end of the day).
Licence: needs a free API key (CLOD_AESO_KEY); AESO's terms allow copies for non-commercial use only, so raw prices are not passed
on. One price for the province.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from catalog.energy.delivered import SLOT, slot_of
from catalog.energy.feeds import Ask, AuthMissing, PricePoint, reading, web

MARKET, LABEL, KEY_ENV, NODES = "AESO", "AESO system marginal price", "CLOD_AESO_KEY", None
REDISTRIBUTABLE = False
ADDRESS = "https://apimgw.aeso.ca/public/systemmarginalprice-api/v1.1/price/systemMarginalPrice"
BACK = timedelta(hours=1)
Step = tuple[datetime, int]


def fetch(ask: Ask) -> bytes:
    if not ask.key:
        raise AuthMissing(f"AESO wants an API key: set {KEY_ENV}")
    return web.get(f"{ADDRESS}?startDate={ask.now - timedelta(hours=8):%Y-%m-%d}", headers={"API-KEY": ask.key})


def parse(body: bytes, ask: Ask) -> list[PricePoint]:
    answer = reading.field(reading.parsed_json(body), "return")
    steps = sorted(_step(row, ask) for row in reading.entries(answer, "System Marginal Price Report"))
    end = slot_of(ask.now)
    starts = [end - number * SLOT for number in range(BACK // SLOT, 0, -1)]
    known = [start for start in starts if steps and steps[0][0] <= start]
    return reading.found([PricePoint(MARKET, node, start, start + SLOT, _mean(steps, start)) for node in ask.nodes for start in known], ask)


def _step(row: Any, ask: Ask) -> Step:
    begin = reading.instant(reading.field(row, "begin_datetime_utc"), "begin_datetime_utc", "%Y-%m-%d %H:%M")
    price = reading.microusd(reading.field(row, "system_marginal_price"), "system_marginal_price", ask.usd_per_cad)
    return begin.replace(tzinfo=UTC), price


def _mean(steps: list[Step], start: datetime) -> int:
    """Weighted by time; minutes before the first known price have been left out by the caller."""
    end, total = start + SLOT, 0.0
    for (begin, price), (until, _) in pairwise([*steps, (end, 0)]):
        share = (min(until, end) - max(begin, start)) / SLOT
        total += price * max(share, 0.0)
    return round(total)
