"""The price book as tables: the numbers of the JSON, in plain digits, one row for each price. Empty cells are unknown."""

from collections.abc import Iterator, Sequence

from activity.queries import instant
from catalog.price_book.history import History, SiteLine
from catalog.price_book.present import Present, Quote
from catalog.snapshot import Route
from clod_site.lib import money, spreadsheet
from gateway.prices import told

NOW = (
    "as_of", "model", "name", "label", "provider", "data_center", "routed", "input_usd_per_mtok", "output_usd_per_mtok", "multiplier",
    "fee_basis_points", "list_input_usd_per_mtok", "list_output_usd_per_mtok", "price_tick", "valid_from",
)  # fmt: skip
HISTORY = (
    "at", "data_center", "routed", "input_usd_per_mtok", "output_usd_per_mtok", "multiplier", "electricity_usd_per_mwh",
    "reference_usd_per_mwh", "list_input_usd_per_mtok", "list_output_usd_per_mtok",
)  # fmt: skip
Row = Sequence[object]


def now(found: Present) -> Iterator[Row]:
    """A row for each model where its requests go, or for each of its endpoints that was asked about."""
    yield NOW
    as_of = instant(found.moment.as_of) if found.moment.as_of else ""
    for quote in found.quotes:
        for route in quote.routes or (quote.route,):
            yield [spreadsheet.harmless(cell) for cell in (as_of, *_quote(quote, route))]


def history(found: History) -> Iterator[Row]:
    """A row for each step and data center, the oldest step first."""
    yield HISTORY
    for number, moment in enumerate(found.span.instants()):
        reference, terms = digits(told.usd_per_mwh(found.reference[number])), found.listed[number]
        listed = money.as_text(terms.input), money.as_text(terms.output)
        for site in found.sites:
            yield (instant(moment), *_site(site, number, found.at[number]), reference, *listed)


def digits(number: float | None) -> str:
    """As JSON has it, without an exponent."""
    return "" if number is None else money.in_digits(number)


def _quote(quote: Quote, route: Route | None) -> Row:
    card = quote.card
    listed = money.as_text(card.input_nanousd_per_mtok), money.as_text(card.output_nanousd_per_mtok)
    about = card.slug, card.name, told.label(card)
    if route is None:
        return (*about, "", "", "false", "", "", "", "", *listed, "", "")
    tick = route.tick
    price = money.as_text(tick.input_nanousd_per_mtok), money.as_text(tick.output_nanousd_per_mtok)
    where = route.provider, route.data_center, _spoken(route == quote.route)
    return (
        *about,
        *where,
        *price,
        digits(told.multiplier(tick.multiplier_ppm)),
        tick.fee_basis_points,
        *listed,
        tick.id,
        instant(tick.valid_from),
    )


def _site(site: SiteLine, number: int, at: str | None) -> Row:
    price, electricity = site.line.prices[number], digits(told.usd_per_mwh(site.line.electricity[number]))
    where = site.slug, _spoken(site.slug == at)
    if price is None:
        return (*where, "", "", "", electricity)
    return (*where, money.as_text(price.input), money.as_text(price.output), digits(told.multiplier(price.multiplier_ppm)), electricity)


def _spoken(yes: bool) -> str:
    return "true" if yes else "false"
