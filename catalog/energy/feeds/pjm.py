"""PJM, the mid-Atlantic: unverified five-minute zonal prices from Data Miner, JSON.

Unit: USD per MWh. Clock: datetime_beginning_utc is the interval's beginning in UTC, so no summer time.
Licence: needs a free API key (CLOD_PJM_KEY); PJM restricts redistribution, so raw prices must not be passed on.
"""

from datetime import UTC, timedelta
from typing import Any
from urllib.parse import urlencode

from catalog.energy.feeds import Ask, AuthMissing, PricePoint, SchemaChanged, reading, web

MARKET, LABEL, KEY_ENV, NODES = "PJM", "PJM five-minute LMP", "CLOD_PJM_KEY", None
ADDRESS = "https://api.pjm.com/api/v1/rt_unverified_fivemin_lmps"
INTERVAL = timedelta(minutes=5)
BACK = timedelta(hours=1)


def fetch(ask: Ask) -> bytes:
    if not ask.key:
        raise AuthMissing(f"PJM wants an API key: set {KEY_ENV}")
    span = f"{ask.now - BACK:%m/%d/%Y %H:%M}to{ask.now:%m/%d/%Y %H:%M}"
    query = {"rowCount": 5000, "startRow": 1, "type": "ZONE", "datetime_beginning_utc": span, "download": "true"}
    return web.get(f"{ADDRESS}?{urlencode(query)}", headers={"Ocp-Apim-Subscription-Key": ask.key})


def parse(body: bytes, ask: Ask) -> list[PricePoint]:
    answer = reading.parsed_json(body)
    rows = answer if isinstance(answer, list) else reading.entries(answer, "items")
    return reading.found([_point(row) for row in rows if reading.field(row, "pnode_name") in ask.nodes], ask)


def _point(row: Any) -> PricePoint:
    start = reading.instant(reading.field(row, "datetime_beginning_utc"), "datetime_beginning_utc")
    if start.tzinfo is not None:
        raise SchemaChanged("datetime_beginning_utc has a time zone")
    start = start.replace(tzinfo=UTC)
    return PricePoint(
        MARKET, row["pnode_name"], start, start + INTERVAL, reading.microusd(reading.field(row, "total_lmp_rt"), "total_lmp_rt")
    )
