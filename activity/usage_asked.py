"""What a question for usage means: its parameters, checked. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import parse_qsl

from activity.filters import EARLIEST, LATEST, Span
from clod_site.lib.refusal import Refusal

STEPS = {"day": timedelta(days=1), "hour": timedelta(hours=1)}
LONGEST = {"day": timedelta(days=400), "hour": timedelta(days=31)}
USUAL = {"day": timedelta(days=30), "hour": timedelta(days=1)}
GROUPS = {"model": "model", "project": "project", "key": "key", "data_center": "site", "status": "status"}  # and their names in ``usage``
FORMATS = ("json", "csv")
KNOWN = ("from", "to", "by", "group", "format")
MAX_FIELDS, MAX_CHARS = 50, 200
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Asked(NamedTuple):
    """``group`` is one of GROUPS or empty. Steps are those of UTC; the first and the last may be parts of one."""

    span: Span
    by: str
    group: str
    format: str


def read(query: str, now: datetime) -> Asked:
    """From an address's query string. Refusal, 400, which says what would be taken."""
    fields = _fields(query)
    by, group = _choice(fields, "by", STEPS) or "day", _choice(fields, "group", GROUPS)
    form = _choice(fields, "format", FORMATS) or "json"
    return Asked(_span(fields, by, now), by, group, form)


def _fields(query: str) -> Mapping[str, str]:
    """Those that say something. One we do not know is refused: a typo would otherwise change the answer unseen."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise Refusal(f"There are more than {MAX_FIELDS} parameters.") from error
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in KNOWN:
            raise Refusal(f"There is no parameter '{name[:MAX_CHARS]}' here. There are: {', '.join(KNOWN)}.", param=name[:MAX_CHARS])
        if name in found:
            raise Refusal(f"{name} can be there once.", param=name)
        found[name] = value.strip()[:MAX_CHARS]
    return found


def _choice(fields: Mapping[str, str], name: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    chosen = fields.get(name, "")
    if chosen and chosen not in known:
        raise Refusal(f"{name} is one of {', '.join(known)}.", param=name)
    return chosen


def _span(fields: Mapping[str, str], by: str, now: datetime) -> Span:
    end = min(_instant(fields, "to") or now, now)
    start = _instant(fields, "from") or end - USUAL[by]
    if start >= end:
        raise Refusal("from must lie before to, and before now.", param="from")
    if end - start > LONGEST[by]:
        other = " Ask for days, or for a shorter time." if by == "hour" else " Ask for a shorter time."
        raise Refusal(f"By the {by}, an answer is about {LONGEST[by].days} days at most.{other}", param="from")
    return Span(start, end, is_open=end == now)


def _instant(fields: Mapping[str, str], name: str) -> datetime | None:
    """A day is meant as a whole: as ``to`` it is still in the answer."""
    text = fields.get(name, "")
    if not text:
        return None
    try:
        instant = _day(text, name) or datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign in an address is a space
        if instant.tzinfo is None or not EARLIEST <= instant.date() <= LATEST:
            raise ValueError
        return instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        message = f"{name} is a day in UTC (2026-11-22) or an instant with its time zone (2026-11-22T12:00:00Z), of this century."
        raise Refusal(message, param=name) from error


def _day(text: str, name: str) -> datetime | None:
    if not DAY.fullmatch(text):
        return None
    day = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return day + timedelta(days=1) if name == "to" else day
