"""Models side by side: who is compared, and each fact with its best value."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.http import QueryDict

from catalog.pages.market import Row
from catalog.pages.performance import NOT_MEASURED, Measured, Performance
from catalog.templatetags import money_tags as words
from clod_site.lib.money import BASIS_POINTS, TOKENS_PER_PRICE, as_number, ceil_div, in_digits

FEWEST, MOST, MOST_NAMES = 2, 4, 20
MOST_TOKENS = 10_000_000
LONGEST_NAME = 80
LEVEL = 0.0005
UPTIME = "answered ÷ (answered + failed) attempts of 24 hours"
MODELLED = "modelled: the GPU's energy per token × 1.6 for the rest of the server × the building's PUE"

Number = int | float | None


@dataclass(frozen=True)
class Choice:
    """Who is compared, and a call to compare what it costs. ``unknown`` and ``left_out`` were asked for in vain."""

    rows: list[Row]
    tokens_in: int = 1000
    tokens_out: int = 300
    unknown: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def slugs(self) -> list[str]:
        return [row.model.slug for row in self.rows]

    @property
    def is_enough(self) -> bool:
        return len(self.rows) >= FEWEST

    @property
    def has_room(self) -> bool:
        return len(self.rows) < MOST

    @property
    def moving(self) -> list[Row]:
        """Those whose price follows electricity, so that there is something to draw."""
        return [row for row in self.rows if row.delta is not None]

    def query(self, slugs: Iterable[str] | None = None) -> str:
        chosen = self.slugs if slugs is None else list(slugs)
        return urlencode({"m": chosen, "in": self.tokens_in, "out": self.tokens_out}, doseq=True)

    def without(self, slug: str) -> str:
        return self.query(each for each in self.slugs if each != slug)


@dataclass(frozen=True)
class Cell:
    text: str
    note: str = ""
    is_best: bool = False


@dataclass(frozen=True)
class Fact:
    """A row of the comparison: a cell for each model."""

    name: str
    cells: list[Cell]
    title: str = ""


def read(query: QueryDict, rows: Sequence[Row]) -> Choice:
    """What an address asks for; nothing in it is an error."""
    known = {row.model.slug: row for row in rows}
    asked = list(dict.fromkeys(name for name in query.getlist("m")[:MOST_NAMES] if name))
    found = [known[name] for name in asked if name in known]
    return Choice(
        found[:MOST],
        _tokens(query.get("in", ""), 1000),
        _tokens(query.get("out", ""), 300),
        [name[:LONGEST_NAME] for name in asked if name not in known],
        [row.model.name for row in found[MOST:]],
    )


def facts(choice: Choice, measured: Measured) -> list[Fact]:
    """Everything that tells the models apart, in the order people decide by."""
    return [*_prices(choice), *_service(choice.rows, measured), *_nature(choice.rows)]


def cost(row: Row, tokens_in: int, tokens_out: int) -> int:
    """Nano-USD of one call at the price now, routing fee included; rounded up once, as calls are charged."""
    tokens = tokens_in * row.input_nanousd_per_mtok + tokens_out * row.output_nanousd_per_mtok
    return ceil_div(tokens * (BASIS_POINTS + row.fee_basis_points), TOKENS_PER_PRICE * BASIS_POINTS)


# --- facts ---------------------------------------------------------------------------------------


def _prices(choice: Choice) -> Iterator[Fact]:
    rows = choice.rows
    yield _fact("Price now, input", rows, lambda row: row.input_nanousd_per_mtok, words.price_per_mtok, note=_against_list)
    yield _fact("Price now, output", rows, lambda row: row.output_nanousd_per_mtok, words.price_per_mtok, note=_against_list)
    yield _said("List price", rows, _listed)
    name = f"A call of {choice.tokens_in:,} + {choice.tokens_out:,} tokens"
    yield _fact(name, rows, lambda row: cost(row, choice.tokens_in, choice.tokens_out), _usd, note=_fee)
    yield _said("Free requests", rows, lambda row: "100 a day per organization" if row.model.is_free else "no")


def _service(rows: Sequence[Row], measured: Measured) -> Iterator[Fact]:
    def of(row: Row) -> Performance:
        return measured.get(row.model.slug, NOT_MEASURED)

    yield _said("Available here", rows, lambda row: "yes" if row.is_available else "no")
    yield _said("Data centers", rows, _places)
    yield _fact(
        "Time to first token", rows, lambda row: of(row).ttft_ms, words.milliseconds, title="median of 24 hours", unknown=_unmeasured
    )
    yield _fact("Tokens per second", rows, lambda row: of(row).tokens_per_s, str, best=max, title="median of 24 hours", unknown=_unmeasured)
    yield _fact("Uptime", rows, lambda row: of(row).uptime, words.uptime, best=max, title=UPTIME, unknown=lambda row: _few(of(row)))
    yield _fact("Energy per 1,000 tokens read", rows, lambda row: row.input_wh, words.watt_hours, title=MODELLED)
    yield _fact("Energy per 1,000 tokens written", rows, lambda row: row.output_wh, words.watt_hours, title=MODELLED)


def _nature(rows: Sequence[Row]) -> Iterator[Fact]:
    yield _fact("Context window", rows, lambda row: row.model.context_window, _tokens_words, best=max)
    yield _fact("Longest answer", rows, lambda row: row.model.max_output_tokens or None, _tokens_words, best=max)
    yield _said("Reads", rows, lambda row: ", ".join(row.model.input_modalities))
    yield _said("Writes", rows, lambda row: ", ".join(row.model.output_modalities))
    yield _said("Called for", rows, lambda row: ", ".join(row.model.operations))
    yield _said("Can do", rows, lambda row: ", ".join(row.model.features).replace("_", " "))
    yield _said("Licence", rows, lambda row: row.model.licence)


def _said(name: str, rows: Sequence[Row], say: Callable[[Row], str]) -> Fact:
    return Fact(name, [Cell(say(row) or "–") for row in rows])


def _fact(
    name: str,
    rows: Sequence[Row],
    value: Callable[[Row], Number],
    say: Callable[..., str],
    *,
    best: Callable[[Iterable[float]], float] = min,
    note: Callable[[Row], str] = lambda row: "",
    unknown: Callable[[Row], str] = lambda row: "–",
    title: str = "",
) -> Fact:
    """One with a best value: it is marked where the values differ."""
    values = [value(row) for row in rows]
    known = {each for each in values if each is not None}
    top = best(known) if len(known) > 1 else None
    cells = [
        Cell(unknown(row)) if each is None else Cell(say(each), note(row), each == top) for each, row in zip(values, rows, strict=True)
    ]
    return Fact(name, cells, title)


# --- words ---------------------------------------------------------------------------------------


def _against_list(row: Row) -> str:
    if row.delta is None:
        return "fixed"
    if abs(row.delta) < LEVEL:
        return "at list price"
    return f"{'▼' if row.delta < 0 else '▲'} {words.percent(abs(row.delta))} {'below' if row.delta < 0 else 'above'} list"


def _unmeasured(_row: Row) -> str:
    return "not measured yet"


def _few(measured: Performance) -> str:
    return "too few calls to say" if measured.attempts else "not measured yet"


def _listed(row: Row) -> str:
    return f"{words.price_per_mtok(row.model.input_nanousd_per_mtok)} / {words.price_per_mtok(row.model.output_nanousd_per_mtok)}"


def _fee(row: Row) -> str:
    return f"with {row.fee_basis_points / 100:g} % routing fee" if row.fee_basis_points else ""


def _places(row: Row) -> str:
    names = [offer.endpoint.data_center.name for offer in row.offers if offer.endpoint.data_center]
    return f"{len(names)}: {' · '.join(sorted(names))}" if names else "at its provider"


def _usd(nanousd: int) -> str:
    """Three digits, so that small differences are seen."""
    return f"${in_digits(float(f'{as_number(nanousd):.3g}'))}"


def _tokens_words(count: int) -> str:
    return f"{count:,} tokens"


def _tokens(text: str, usual: int) -> int:
    return min(int(text), MOST_TOKENS) if text.isascii() and text.isdecimal() and len(text) < LONGEST_NAME else usual
