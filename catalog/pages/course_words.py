"""A price history in one plain sentence: what a reader of the chart sees now."""

from collections.abc import Mapping
from typing import Any

from catalog.pages.spans import PRICE, WORDS

LEVEL = 0.0005


def sentence(history: Mapping[str, Any], show: str) -> str:
    here = _site_now(history)
    if here is None:
        return "No electricity price is known yet, so requests cost the list price."
    return _of_price(history, here) if show == PRICE else _of_electricity(history, here)


def _of_price(history: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    go, against = "go" if history["is_available"] else "would go", _against_list(here["now"]["multiplier"] - 1)
    return f"Requests {go} to {here['name']}, {against}; {_moves(history)} in {WORDS[history['hours']]}."


def _of_electricity(history: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    known = [site["now"]["electricity"] for site in history["sites"] if site["now"]]
    mean = sum(known) / len(known)
    own = here["now"]["electricity"]
    average = f"the average of {len(known)} data centers is {_usd(mean)}"
    go = "go" if history["is_available"] else "would go"
    return f"Electricity at {here['name']}, where requests {go}, is {_usd(own)} per MWh; {average}."


def _site_now(history: Mapping[str, Any]) -> Mapping[str, Any] | None:
    slug = next(filter(None, reversed(history["routed"]["data_center"])), None)
    return next((site for site in history["sites"] if site["data_center"] == slug and site["now"]), None)


def _against_list(delta: float) -> str:
    if abs(delta) < LEVEL:
        return "at list price"
    percent = f"{abs(delta) * 100:.1f}".removesuffix(".0")
    return f"{percent} % {'below' if delta < 0 else 'above'} list"


def _moves(history: Mapping[str, Any]) -> str:
    count = len(history["moves"])
    return f"{count or 'no'} move{'s' * (count > 1)}"


def _usd(dollars: float) -> str:
    return f"{'−' * (dollars < 0)}${abs(dollars):.2f}"
