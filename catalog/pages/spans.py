"""What a chart or a table of prices can show, and how an address asks for it: ``?show=electricity&hours=168``."""

from typing import NamedTuple
from urllib.parse import urlencode

from django.http import QueryDict

PRICE, ELECTRICITY = "price", "electricity"
SHOWN = {PRICE: "Price", ELECTRICITY: "Electricity"}
HOURS = {4: "4 h", 24: "24 h", 168: "7 d"}
WORDS = {4: "4 hours", 24: "24 hours", 168: "7 days"}
UNITS = {PRICE: "US dollars per million answered tokens", ELECTRICITY: "US dollars per MWh, delivered and smoothed"}


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
    def unit(self) -> str:
        return UNITS[self.show]

    @property
    def title(self) -> str:
        return f"{SHOWN[self.show]}, last {self.words}"


class Switch(NamedTuple):
    """A link that changes one word of the address."""

    word: str
    value: str | int
    name: str
    query: str
    is_on: bool


def shows(span: Span) -> list[Switch]:
    return [Switch("show", value, name, span._replace(show=value).query, value == span.show) for value, name in SHOWN.items()]


def hours(span: Span) -> list[Switch]:
    return [Switch("hours", value, name, span._replace(hours=value).query, value == span.hours) for value, name in HOURS.items()]


def read(query: QueryDict) -> Span | None:
    """None for anything that cannot be shown."""
    asked = query.get("show", PRICE), query.get("hours", "24")
    nearest = near(query)
    return nearest if (nearest.show, str(nearest.hours)) == asked else None


def near(query: QueryDict) -> Span:
    """What of an address can be shown; a day, and prices, for the rest."""
    show, hours = query.get("show", PRICE), query.get("hours", "24")
    return Span(show if show in SHOWN else PRICE, int(hours) if hours in map(str, HOURS) else 24)
