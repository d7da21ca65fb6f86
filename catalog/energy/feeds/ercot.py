"""ERCOT, Texas: 15-minute settlement point prices (report NP6-905-CD), a zip of CSV found through a list of documents.

Unit: USD per MWh, scarcity adders included. Clock: America/Chicago; DeliveryHour 1–24 and DeliveryInterval 1–4 are counted
ends, DSTFlag is Y in the second of the two hours from 01:00 in autumn, and N all summer.
Licence: public without a key under ERCOT's terms of use; name ERCOT as the source. At most one request in 5 minutes, and none
from outside the United States: those are answered 403.
Quirks: a document that is not there is a line of XML with status 200; the offset in PublishDate is not to be relied on in the
hour that comes twice, so the newest document is the one with the highest number.
"""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from catalog.energy.feeds import Ask, NoData, PricePoint, SchemaChanged, reading, web

MARKET, LABEL, KEY_ENV, NODES = "ERCOT", "ERCOT NP6-905-CD", "", None
REDISTRIBUTABLE = True
LIST = "https://www.ercot.com/misapp/servlets/IceDocListJsonWS?reportTypeId=12301"
DOCUMENT = "https://www.ercot.com/misdownload/servlets/mirDownload?doclookupId="
ZONE = ZoneInfo("America/Chicago")
INTERVAL = timedelta(minutes=15)
COLUMNS = ("DeliveryDate", "DeliveryHour", "DeliveryInterval", "SettlementPointName", "SettlementPointPrice", "DSTFlag")


def fetch(ask: Ask) -> bytes:
    return web.get(DOCUMENT + newest_document(web.get(LIST)))


def newest_document(body: bytes) -> str:
    """The id of the CSV that was published last; the same report is there as XML too."""
    answer = reading.field(reading.parsed_json(body), "ListDocsByRptTypeRes")
    documents = [reading.field(entry, "Document") for entry in reading.entries(answer, "DocumentList")]
    numbers = [str(reading.field(document, "DocID")) for document in documents if _is_table(document)]
    if not numbers:
        raise NoData("the list names no CSV document")
    if not all(number.isascii() and number.isdigit() for number in numbers):
        raise SchemaChanged("DocID is not a number")
    return max(numbers, key=int)


def _is_table(document: Any) -> bool:
    return "csv" in str(reading.field(document, "FriendlyName")).lower()


def parse(body: bytes, ask: Ask) -> list[PricePoint]:
    """Hubs have one row each; a load zone's second row is weighted by energy (type LZEW), and its first one counts."""
    points: dict[Any, PricePoint] = {}
    for row in reading.table(reading.unzipped(body, ".csv"), COLUMNS):
        if row["SettlementPointName"] in ask.nodes:
            point = _point(row)
            points.setdefault((point.node, point.interval_start), point)
    return reading.found([*points.values()], ask)


def _point(row: dict[str, str]) -> PricePoint:
    day = reading.instant(row["DeliveryDate"], "DeliveryDate", "%m/%d/%Y")
    try:
        hour, quarter = int(row["DeliveryHour"]), int(row["DeliveryInterval"])
    except ValueError:
        raise SchemaChanged("DeliveryHour or DeliveryInterval is not a number") from None
    if not (1 <= hour <= 25 and 1 <= quarter <= 4):
        raise SchemaChanged(f"there is no interval {quarter} in hour {hour}")
    local = day + timedelta(hours=hour - 1) + (quarter - 1) * INTERVAL
    start = reading.utc(local, ZONE, second=row["DSTFlag"].strip().upper() == "Y")
    price = reading.microusd(row["SettlementPointPrice"], "SettlementPointPrice")
    return PricePoint(MARKET, row["SettlementPointName"], start, start + INTERVAL, price)
