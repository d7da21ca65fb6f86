"""What each market publishes about a span of time, in its own format, clock and unit: bytes made from instants in UTC."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.catalog import answers
from tests.catalog.answers import NODES, zipped

FIVE = timedelta(minutes=5)
STEP = dict.fromkeys(NODES, FIVE) | {"ercot": timedelta(minutes=15)}
ZONE = {
    "caiso": ZoneInfo("America/Los_Angeles"),
    "ercot": ZoneInfo("America/Chicago"),
    "spp": ZoneInfo("America/Chicago"),
    "comed": ZoneInfo("America/Chicago"),
    "aeso": ZoneInfo("America/Edmonton"),
    "nyiso": ZoneInfo("America/New_York"),
    "isone": ZoneInfo("America/New_York"),
    "pjm": ZoneInfo("America/New_York"),
    "miso": ZoneInfo("America/New_York"),  # its customers' clock; it stamps Eastern Standard Time, as Ontario does
    "ieso": ZoneInfo("America/New_York"),
}
EST = ZoneInfo("Etc/GMT+5")
PER_MWH = dict.fromkeys(NODES, 1.0) | {"comed": 10.0, "ieso": 0.72, "aeso": 0.72}  # one of the market's units, in dollars
HOUR = timedelta(hours=1)
Prices = Mapping[datetime, str]  # by the interval's beginning, as the market writes them


def said(feed: str, prices: Prices) -> Iterator[tuple[datetime, bytes]]:
    """Each answer that holds these intervals, and when it is asked for: one, or one for each interval or hour."""
    for part in _parts(feed, prices):
        yield max(part) + STEP[feed], answer(feed, part)


def answer(feed: str, prices: Prices) -> bytes:
    return packed(feed, _WRITERS[feed](prices))


def packed(feed: str, text: str) -> bytes:
    return zipped(text) if feed in {"caiso", "ercot"} else text.encode()


def _parts(feed: str, prices: Prices) -> list[dict[datetime, str]]:
    if feed not in {"miso", "ieso", "aeso"}:
        return [dict(prices)]
    parts: dict[datetime, dict[datetime, str]] = {}
    for start, price in prices.items():
        parts.setdefault(start if feed == "miso" else start.replace(minute=0), {})[start] = price
    return [*parts.values()]


def _caiso(prices: Prices) -> str:
    form = "%Y-%m-%dT%H:%M:%S"
    rows = [answers.caiso_row(f"{start:{form}}", f"{start + FIVE:{form}}", _cell(price)) for start, price in prices.items()]
    return answers.CAISO_HEAD + "".join(rows)


def _ercot(prices: Prices) -> str:
    rows = []
    for start, price in prices.items():
        local = start.astimezone(ZONE["ercot"])
        when = f"{local:%m/%d/%Y},{local.hour + 1},{local.minute // 15 + 1}"
        rows.append(f"{when},HB_NORTH,HU,{_cell(price)},{'Y' if local.fold else 'N'}\n")
    return answers.ERCOT_HEAD + "".join(rows)


def _nyiso(prices: Prices) -> str:
    ends = [((start + FIVE).astimezone(ZONE["nyiso"]), price) for start, price in prices.items()]
    return answers.NYISO_HEAD + "".join(f'"{end:%m/%d/%Y %H:%M:%S}","WEST",61752,{_cell(price)},-1.64,0.00\r\n' for end, price in ends)


def _isone(prices: Prices) -> str:
    head, _, _ = answers.ISONE.partition('"D"')
    local = [(start.astimezone(ZONE["isone"]), price) for start, price in prices.items()]
    return head + "".join(f'"D","{start:%Y-%m-%d %H:%M:%S}","4000","{price}","52.0","0","0.25"\n' for start, price in local) + '"T","2"\n'


def _miso(prices: Prices) -> str:
    ((start, price),) = prices.items()
    stamp = f"{(start + FIVE).astimezone(EST):%d-%b-%Y - Interval %H:%M} EST"
    node = {"name": "MINN.HUB", "region": "Midwest", "LMP": price, "MLC": "0.1", "MCC": "-3.0"}
    return json.dumps({"LMPData": {"RefId": stamp, "FiveMinLMP": {"HourAndMin": stamp[-9:-4], "PricingNode": [node]}}})


def _spp(prices: Prices) -> str:
    rows = []
    for start, price in prices.items():
        local = (start + FIVE).astimezone(ZONE["spp"])
        end = f"{local:%m/%d/%Y %H:%M:%S},{start + FIVE:%m/%d/%Y %H:%M:%S}"
        rows.append(f"{end},SPPSOUTH_HUB,SPPSOUTH_HUB,{_cell(price)},0.2,-20.0,16.5,SPP\n")
    return answers.SPP_HEAD + "".join(rows)


def _ieso(prices: Prices) -> str:
    local = min(prices).astimezone(EST)
    by_number = {start.minute // 5: price for start, price in prices.items()}
    written = [by_number.get(number, "") for number in range(12)]
    return answers.ieso(written, f"{local:%Y-%m-%d}", local.hour + 1)


def _comed(prices: Prices) -> str:
    rows = [{"millisUTC": str(int((start + FIVE).timestamp() * 1000)), "price": price} for start, price in prices.items()]
    return json.dumps(rows[::-1])


def _pjm(prices: Prices) -> str:
    rows = [
        {"datetime_beginning_utc": f"{start:%Y-%m-%dT%H:%M:%S}", "pnode_id": 34964545, "pnode_name": "DOM", "total_lmp_rt": price}
        for start, price in prices.items()
    ]
    return json.dumps({"items": rows, "totalRows": len(rows)})


def _aeso(prices: Prices) -> str:
    rows = [
        {"begin_datetime_utc": f"{start:%Y-%m-%d %H:%M}", "system_marginal_price": price, "volume": ""} for start, price in prices.items()
    ]
    return json.dumps({"responseCode": "200", "return": {"System Marginal Price Report": rows[::-1]}})


def _cell(price: str) -> str:
    return f'"{price}"' if "," in price else price


_WRITERS = {
    "caiso": _caiso,
    "ercot": _ercot,
    "nyiso": _nyiso,
    "isone": _isone,
    "miso": _miso,
    "spp": _spp,
    "ieso": _ieso,
    "comed": _comed,
    "pjm": _pjm,
    "aeso": _aeso,
}
