"""What a chart or a table of prices can show, and how an address asks for it: ``?show=electricity&hours=168``."""

from typing import NamedTuple
from urllib.parse import urlencode

from django.http import QueryDict

PRICE, ELECTRICITY = "price", "electricity"
SHOWN = {PRICE: "Price", ELECTRICITY: "Electricity"}
HOURS = {4: "4 h", 24: "24 h", 168: "7 d"}
WORDS = {4: "4 hours", 24: "24 hours", 168: "7 days"}


class Span(NamedTuple):
    show: str = PRICE
    hours: int = 24

    @property
    def query(self) -> str:
        return urlencode({"show": self.show, "hours": self.hours})

    @property
    def words(self) -> str:
        return WORDS[self.hours]

    @property
    def title(self) -> str:
        return f"{SHOWN[self.show]}, last {self.words}"


def read(query: QueryDict) -> Span | None:
    """None for anything that cannot be shown."""
    show, hours = query.get("show", PRICE), query.get("hours", "24")
    return Span(show, int(hours)) if show in SHOWN and hours in map(str, HOURS) else None
