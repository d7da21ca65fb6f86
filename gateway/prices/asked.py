"""What a question for prices means: its parameters, checked and made one, so that equal questions share one answer. Pure."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import msgspec

from activity.queries import instant
from catalog import names
from catalog.energy.delivered import SLOT, slot_of
from catalog.models import Category
from catalog.price_book.present import Moment
from catalog.price_book.span import STEPS, Span, covering
from catalog.snapshot import Catalog, ModelCard
from clod_site.lib import clock
from clod_site.lib.refusal import Refusal
from gateway.errors import InvalidRequest
from gateway.prices import negotiation

FORMATS = ("json", "csv")
ANY_NUMBER = frozenset({"model", "data_center"})
ONE_MODEL = frozenset({"data_center"})
MAX_FIELDS, MAX_CHARS = 50, 200
MAX_POINTS = 2100  # a week of 5-minute prices, and some
USUAL_POINTS = 300
USUAL_SPAN = timedelta(hours=24)
MOST_BACK = timedelta(days=366)
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
AGO = re.compile(r"-([0-9]{1,6})([mhd])")
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}

Fields = Mapping[str, Sequence[str]]


class DataCenterNotFound(Refusal):
    status, code = 404, "data_center_not_found"

    def __init__(self, message: str) -> None:
        super().__init__(message, param="data_center")


class NowAsk(msgspec.Struct, frozen=True):
    """Slugs; empty is everything."""

    models: tuple[str, ...]
    data_centers: tuple[str, ...]
    format: str


class HistoryAsk(msgspec.Struct, frozen=True):
    model: str
    data_centers: tuple[str, ...]
    span: Span
    format: str


def now(query: str, accept: str, catalog: Catalog, moment: Moment) -> NowAsk:
    fields = _fields(query, ("model", "data_center", "format"), ANY_NUMBER)
    models = {names.resolve(catalog, name).slug for name in fields.get("model", ())}
    return NowAsk(tuple(sorted(models)), _data_centers(fields, moment.names), _format(fields, accept))


def history(query: str, accept: str, catalog: Catalog, moment: Moment) -> HistoryAsk:
    fields = _fields(query, ("model", "data_center", "from", "to", "step", "format"), ONE_MODEL)
    card = _hosted(fields, catalog)
    return HistoryAsk(card.slug, _data_centers(fields, moment.names), _span(fields, moment), _format(fields, accept))


# --- parameters ----------------------------------------------------------------------------------


def _fields(query: str, known: Sequence[str], several: Collection[str]) -> Fields:
    """Those that say something. One we do not know is refused: a typo would otherwise change the answer unseen."""
    found: dict[str, list[str]] = {}
    for name, value in _pairs(query):
        if name not in known:
            raise InvalidRequest(f"There is no parameter '{name[:MAX_CHARS]}' here. There are: {', '.join(known)}.", param=name[:MAX_CHARS])
        if len(value) > MAX_CHARS:
            raise InvalidRequest(f"{name} is longer than {MAX_CHARS} characters.", param=name)
        if value.strip():
            found.setdefault(name, []).append(value.strip())
    for name, values in found.items():
        if len(values) > 1 and name not in several:
            raise InvalidRequest(f"{name} is there {len(values)} times, and can be there once.", param=name)
    return found


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise InvalidRequest(f"There are more than {MAX_FIELDS} parameters.") from error


def _one(fields: Fields, name: str) -> str:
    return next(iter(fields.get(name, ())), "")


def _format(fields: Fields, accept: str) -> str:
    asked = _one(fields, "format") or ("csv" if negotiation.prefers_csv(accept) else "json")
    if asked not in FORMATS:
        raise InvalidRequest(f"format is {' or '.join(FORMATS)}; without it, the Accept header decides.", param="format")
    return asked


def _data_centers(fields: Fields, known: Collection[str]) -> tuple[str, ...]:
    asked = {slug.lower() for slug in fields.get("data_center", ())}
    if unknown := sorted(asked.difference(known)):
        raise DataCenterNotFound(f"There is no data center '{unknown[0]}'. There are: {', '.join(sorted(known)) or 'none yet'}.")
    return tuple(sorted(asked))


def _hosted(fields: Fields, catalog: Catalog) -> ModelCard:
    if "model" not in fields:
        raise InvalidRequest("model is missing: a history is of one hosted model. GET /v1/prices/now lists all of them.", param="model")
    card = names.resolve(catalog, _one(fields, "model"))
    if card.category != Category.HOSTED:
        raise InvalidRequest(
            f"{card.name} has no price history here: it costs what its provider asks, whatever electricity does. "
            f"Its price now is at GET /v1/prices/now?model={card.slug}.",
            param="model",
        )
    return card


# --- the span ------------------------------------------------------------------------------------


def _span(fields: Fields, moment: Moment) -> Span:
    """[from, to), at most until the end of the newest interval, widened to whole steps."""
    newest = (moment.as_of or slot_of(clock.now())) + SLOT
    end = min(_instant(fields, "to", newest) or newest, newest)
    start = _instant(fields, "from", newest) or end - USUAL_SPAN
    if start >= end:
        raise InvalidRequest(f"from must lie before to, and before {instant(newest)}, where the newest prices end.", param="from")
    if start < newest - MOST_BACK:
        raise InvalidRequest(f"from may lie at most {MOST_BACK.days} days back.", param="from")
    step = _one(fields, "step") or _finest(start, end, USUAL_POINTS)
    if step not in STEPS:
        raise InvalidRequest(f"step is one of {', '.join(STEPS)}.", param="step")
    return _bounded(start, end, step)


def _bounded(start: datetime, end: datetime, step: str) -> Span:
    span = covering(start, end, step)
    if span.points > MAX_POINTS:
        raise InvalidRequest(
            f"These are {span.points:,} steps of {step}, and an answer has at most {MAX_POINTS:,}. "
            f"The smallest step that fits is {_finest(start, end, MAX_POINTS)}.",
            param="step",
        )
    return span


def _finest(start: datetime, end: datetime, most: int) -> str:
    """The smallest step of which there are no more than that; days otherwise."""
    return next((step for step in STEPS if covering(start, end, step).points <= most), "1d")


def _instant(fields: Fields, name: str, newest: datetime) -> datetime | None:
    text = _one(fields, name)
    if not text:
        return None
    try:
        return _ago(text, newest) or _date(text) or _with_zone(text)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(
            f"{name} is an instant with its time zone (2026-11-22T12:00:00Z), a day (2026-11-22: its first instant in UTC), "
            "or so long before the newest prices' end (-90m, -24h, -7d).",
            param=name,
        ) from error


def _ago(text: str, newest: datetime) -> datetime | None:
    found = AGO.fullmatch(text)
    return newest - int(found[1]) * UNITS[found[2]] if found else None


def _date(text: str) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if DAY.fullmatch(text) else None


def _with_zone(text: str) -> datetime:
    found = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)  # a plus sign in an address is a space
    if found.tzinfo is None:
        raise ValueError("no time zone")
    return found.astimezone(UTC)
