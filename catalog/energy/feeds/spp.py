"""SPP, the southern plains: the newest five-minute prices of all settlement locations, CSV.

Unit: USD per MWh. Clock: GMTIntervalEnd is the interval's end in UTC, so no summer time.
Licence: public without a key; SPP's terms want written consent for commercial publication, so raw prices are not passed on.
Quirks: since the western expansion a column BAA tells the balancing areas apart; ours is SPP. On some days names are written
SETTLEMENT_LOCATION and stamps 6/1/2026 6:00.
"""

from datetime import UTC, timedelta

from catalog.energy.feeds import Ask, PricePoint, reading, web

MARKET, LABEL, KEY_ENV, NODES = "SPP", "SPP RTBM LMP", "", None
REDISTRIBUTABLE = False
ADDRESS = "https://portal.spp.org/file-browser-api/download/rtbm-lmp-by-location?path=%2FRTBM-LMP-SL-latestInterval.csv"
INTERVAL = timedelta(minutes=5)
END, NAME, PRICE = "GMTIntervalEnd", "Settlement Location", "LMP"
AREA, OURS = "BAA", "SPP"


def fetch(ask: Ask) -> bytes:
    return web.get(ADDRESS)


def parse(body: bytes, ask: Ask) -> list[PricePoint]:
    rows = reading.table(reading.text(body), (END, NAME, PRICE))
    return reading.found([_point(row) for row in rows if row[NAME] in ask.nodes and row.get(AREA, OURS) == OURS], ask)


def _point(row: dict[str, str]) -> PricePoint:
    end = reading.instant(row[END], END, "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M").replace(tzinfo=UTC)
    return PricePoint(MARKET, row[NAME], end - INTERVAL, end, reading.microusd(row[PRICE], PRICE))
