"""Readers of single values: a YAML node in, a column's value out; ValueError says what is expected instead.

Text is read as it is written in the file, so amounts stay exact and no version number turns into a float.
"""

import re
from collections.abc import Callable, Collection
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import yaml
from django.core.exceptions import ValidationError

from catalog.loading.problems import did_you_mean
from clod_site.lib import destinations, money

Reader = Callable[[yaml.Node], Any]
DATA_CENTER = "{DATA_CENTER}"
_SLUG = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_NULL = "tag:yaml.org,2002:null"
_HIGHEST_PRICE_USD = 100_000


def text(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise ValueError("expected one value, not a list or a mapping")
    if node.tag == _NULL or not node.value.strip():
        raise ValueError("has no value; give one or leave the field out")
    return str(node.value).strip()


def slug(node: yaml.Node) -> str:
    return _matching(node, _SLUG, "lower-case letters, digits and single hyphens, such as gpt-4o-mini")


def variable(node: yaml.Node) -> str:
    """The name of an environment variable; ``{DATA_CENTER}`` in it stands for a data center's slug in capitals."""
    value = text(node)
    if not _VARIABLE.fullmatch(value.replace(DATA_CENTER, "X")):
        raise ValueError(f"{value!r} is not the name of an environment variable; expected capitals, such as OPENAI_API_KEY")
    return value


def kept_by(rule: Callable[[str], None], read: Reader) -> Reader:
    """What ``read`` gives, if the table's own ``rule`` for the column has nothing against it."""

    def checked(node: yaml.Node) -> Any:
        value = read(node)
        try:
            rule(value)
        except ValidationError as error:
            raise ValueError(f"{value!r} {'; '.join(error.messages)}") from None
        return value

    return checked


def upstream(node: yaml.Node) -> str:
    """An address that operators may name."""
    value = address(node)
    try:
        return destinations.checked(value, destinations.for_operators())
    except destinations.Denied as denied:
        raise ValueError(f"{value!r} cannot be used: {denied}") from None


def address(node: yaml.Node) -> str:
    value = text(node)
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{value!r} is not an address; expected one like https://api.openai.com/v1")
    return value.rstrip("/")


def flag(node: yaml.Node) -> bool:
    value = text(node)
    if value not in {"true", "false"}:
        raise ValueError(f"{value!r} is neither true nor false")
    return value == "true"


def day(node: yaml.Node) -> date:
    value = text(node)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a date; expected one like 2026-11-22") from None


def time_zone(node: yaml.Node) -> str:
    value = text(node)
    try:
        return ZoneInfo(value).key
    except (KeyError, OSError, ValueError):  # an unknown name, a folder of names, a path
        raise ValueError(f"{value!r} is not a time zone; expected a name like America/New_York") from None


def usd_per_mtok(node: yaml.Node) -> int:
    """Dollars per million tokens, as nano-USD."""
    nanousd = money.usd(text(node))
    if not 0 <= nanousd <= _HIGHEST_PRICE_USD * money.NANO:
        raise ValueError(f"expected dollars per million tokens between 0 and {_HIGHEST_PRICE_USD}, such as 2.50")
    return nanousd


def usd_per_mwh(node: yaml.Node) -> int:
    """Dollars per MWh, as micro-USD."""
    return int(_decimal(node, 0, 10_000) * 1_000_000)


def integer(least: int, most: int) -> Reader:
    def read(node: yaml.Node) -> int:
        number = _decimal(node, least, most)
        if number != int(number):
            raise ValueError(f"{text(node)!r} is not a whole number")
        return int(number)

    return read


def number(least: float, most: float) -> Reader:
    return lambda node: float(_decimal(node, least, most))


def choice(options: Collection[str]) -> Reader:
    return lambda node: _chosen(text(node), options)


def some_of(options: Collection[str]) -> Reader:
    """A list of one or more of the options, each once."""

    def read(node: yaml.Node) -> list[str]:
        return [_chosen(word, options) for word in slugs(node)]

    return read


def any_of(options: Collection[str]) -> Reader:
    """A list of the options, each once; ``[]`` for none of them."""
    some = some_of(options)
    return lambda node: [] if isinstance(node, yaml.SequenceNode) and not node.value else some(node)


def slugs(node: yaml.Node) -> list[str]:
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise ValueError("expected a list such as [first, second]")
    words = [slug(item) for item in node.value]
    if len(set(words)) < len(words):
        raise ValueError("names something twice")
    return words


def _chosen(word: str, options: Collection[str]) -> str:
    if word not in options:
        raise ValueError(f"{word!r} is unknown{did_you_mean(word, options)}")
    return word


def _matching(node: yaml.Node, pattern: re.Pattern[str], expected: str) -> str:
    value = text(node)
    if not pattern.fullmatch(value):
        raise ValueError(f"{value!r} does not fit; expected {expected}")
    return value


def _decimal(node: yaml.Node, least: float, most: float) -> Decimal:
    value = text(node)
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a number") from None
    if not (number.is_finite() and least <= number <= most):
        raise ValueError(f"{value} is out of range; expected a number from {least} to {most}")
    return number
