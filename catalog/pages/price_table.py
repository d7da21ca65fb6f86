"""The same numbers as the chart's for those who do not see charts: every point, every data center, newest first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from catalog.pages import figures
from catalog.pages.spans import PRICE, Span
from clod_site.lib import spreadsheet


@dataclass(frozen=True)
class Line:
    """One point. ``beside`` is the list price, or the average data center; prices are USD per million answered tokens or per MWh."""

    at: datetime
    routed: float | None
    data_center: str
    has_moved: bool
    beside: float | None
    sites: list[float | None]

    @property
    def numbers(self) -> list[str]:
        """What follows the data center, as people read it."""
        return [usd(value) for value in (self.beside, *self.sites)]

    @property
    def price(self) -> str:
        return usd(self.routed)


@dataclass(frozen=True)
class Table:
    span: Span
    data_centers: list[tuple[str, str]]  # slug, name
    lines: list[Line]

    @property
    def beside(self) -> str:
        return "List price" if self.span.show == PRICE else "Average"


def of(history: Mapping[str, Any], span: Span) -> Table:
    traces = {trace["meta"]["role"]: trace["y"] for trace in figures.plotly_figure(history, span.show)["data"]}
    routed, beside, moved = traces["routed"], traces.get("list") or traces["average"], traces["moved"]
    names = {site["data_center"]: site["name"] for site in history["sites"]}
    columns = [site["price" if span.show == PRICE else "electricity"] for site in history["sites"]]
    start, step = datetime.fromisoformat(history["start"]), timedelta(seconds=history["step_s"])
    lines = [
        Line(
            start + index * step,
            routed[index],
            names.get(slug, ""),
            moved[index] is not None,
            beside[index],
            [column[index] for column in columns],
        )
        for index, slug in enumerate(history["routed"]["data_center"])
    ]
    return Table(span, list(names.items()), lines[::-1])


def usd(dollars: float | None) -> str:
    """$0.00879, $41.20; a dash where nothing is known. Plain, since a page has thousands of them."""
    if dollars is None:
        return "–"
    whole, _, decimals = f"{abs(dollars):.6f}".rstrip("0").partition(".")
    return f"{'−' * (dollars < 0)}${whole}.{decimals:0<2}"


def csv(table: Table) -> Iterator[str]:
    """The table for a spreadsheet; instants are UTC, prices plain numbers of dollars."""
    unit = "usd_per_mtok" if table.span.show == PRICE else "usd_per_mwh"
    beside = "list" if table.span.show == PRICE else "average"
    head = ["time_utc", f"routed_{unit}", "routed_to", f"{beside}_{unit}", *(f"{slug}_{unit}" for slug, _ in table.data_centers)]
    yield from spreadsheet.lines([head])
    yield from spreadsheet.lines(
        [f"{line.at:%Y-%m-%dT%H:%MZ}", line.routed, spreadsheet.harmless(line.data_center), line.beside, *line.sites]
        for line in table.lines
    )
