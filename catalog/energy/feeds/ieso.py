"""IESO, Ontario: the five-minute Ontario zonal price of the current hour, XML.

Unit: Canadian dollars per MWh, converted at the rate in ``ask``. Clock: Eastern Standard Time all year; DeliveryHour 1–24 and
Interval 1–12 are counted ends. Licence: public without a key; copies are allowed with IESO's copyright notice.
The node HOEP, the province's price until April 2025, is answered with the zonal price that has taken its place.
"""

from datetime import timedelta
from xml.etree.ElementTree import Element

from catalog.energy.feeds import Ask, PricePoint, SchemaChanged, reading, web

MARKET, LABEL, KEY_ENV, NODES = "IESO", "IESO Ontario zonal price", "", frozenset({"ONTARIO", "HOEP"})
REDISTRIBUTABLE = True
ADDRESS = "https://reports-public.ieso.ca/public/RealtimeOntarioZonalPrice/PUB_RealtimeOntarioZonalPrice.xml"
INTERVAL = timedelta(minutes=5)
SPACE = "{*}"  # whatever namespace the report's revision has


def fetch(ask: Ask) -> bytes:
    return web.get(ADDRESS)


def parse(body: bytes, ask: Ask) -> list[PricePoint]:
    reading.text(body)
    report = reading.document(body, "Document")
    hour = _number(report, "DeliveryHour", 24)
    day = reading.instant(_value(report, "DeliveryDate"), "DeliveryDate", "%Y-%m-%d")
    points = []
    for price in report.iterfind(f".//{SPACE}ZonalPrice"):
        local = day + timedelta(hours=hour - 1) + (_number(price, "Interval", 12) - 1) * INTERVAL
        start = reading.utc(local, reading.EASTERN_STANDARD)
        if said := _value(price, "LmpCap"):  # empty until the interval has been dispatched
            amount = reading.microusd(said, "LmpCap", ask.usd_per_cad)
            points += [PricePoint(MARKET, node, start, start + INTERVAL, amount) for node in ask.nodes if node in NODES]
    return reading.found(points, ask)


def _value(element: Element, name: str) -> str:
    found = element.find(f".//{SPACE}{name}")
    if found is None:
        raise SchemaChanged(f"there is no element {name!r}")
    return (found.text or "").strip()


def _number(element: Element, name: str, highest: int) -> int:
    value = _value(element, name)
    if not value.isdecimal() or not 1 <= int(value) <= highest:
        raise SchemaChanged(f"{name} {value!r} is not a number from 1 to {highest}")
    return int(value)
