"""PJM, the mid-Atlantic: unverified five-minute zonal prices from Data Miner, JSON.

Unit: USD per MWh. Clock: datetime_beginning_utc is the interval's beginning in UTC, so no summer time.
Licence: needs a free API key (CLOD_PJM_KEY), given for internal use; PJM forbids redistribution of what is read or derived to all
but its members, so raw prices are not passed on. 6 requests a minute, 600 for members.
Quirks: this report cannot be filtered by name or type, only by a node's number; rowCount and startRow go with every other filter.
"""

from datetime import UTC, timedelta
from typing import Any
from urllib.parse import urlencode

from catalog.energy.feeds import Ask, AuthMissing, PricePoint, SchemaChanged, reading, web

MARKET, LABEL, KEY_ENV = "PJM", "PJM five-minute LMP", "CLOD_PJM_KEY"
REDISTRIBUTABLE = False
ADDRESS = "https://api.pjm.com/api/v1/rt_unverified_fivemin_lmps"
INTERVAL = timedelta(minutes=5)
BACK = timedelta(hours=1)
NUMBERS = {  # zones, without COMED: its price is there without a key
    "AECO": 51291,
    "AEP": 8445784,
    "APS": 8394954,
    "ATSI": 116013753,
    "BGE": 51292,
    "DAY": 34508503,
    "DEOK": 124076095,
    "DOM": 34964545,
    "DPL": 51293,
    "DUQ": 37737283,
    "EKPC": 970242670,
    "JCPL": 51295,
    "METED": 51296,
    "PECO": 51297,
    "PENELEC": 51300,
    "PEPCO": 51298,
    "PPL": 51299,
    "PSEG": 51301,
    "WESTERN HUB": 51288,
}
NODES = frozenset(NUMBERS)
STAMP, NUMBER, PRICE = "datetime_beginning_utc", "pnode_id", "total_lmp_rt"


def fetch(ask: Ask) -> bytes:
    if not ask.key:
        raise AuthMissing(f"PJM wants an API key: set {KEY_ENV}")
    span = f"{ask.now - BACK:%m/%d/%Y %H:%M}to{ask.now:%m/%d/%Y %H:%M}"
    numbers = ";".join(str(NUMBERS[node]) for node in ask.nodes if node in NUMBERS)
    query = {"rowCount": 5000, "startRow": 1, NUMBER: numbers, STAMP: span}
    return web.get(f"{ADDRESS}?{urlencode(query)}", headers={"Ocp-Apim-Subscription-Key": ask.key})


def parse(body: bytes, ask: Ask) -> list[PricePoint]:
    answer = reading.parsed_json(body)
    rows = answer if isinstance(answer, list) else reading.entries(answer, "items")
    names = {str(NUMBERS[node]): node for node in ask.nodes if node in NUMBERS}
    return reading.found([_point(row, name) for row in rows if (name := names.get(str(reading.field(row, NUMBER))))], ask)


def _point(row: Any, name: str) -> PricePoint:
    start = reading.instant(reading.field(row, STAMP), STAMP)
    if start.tzinfo is not None:
        raise SchemaChanged(f"{STAMP} has a time zone")
    start = start.replace(tzinfo=UTC)
    return PricePoint(MARKET, name, start, start + INTERVAL, reading.microusd(reading.field(row, PRICE), PRICE))
