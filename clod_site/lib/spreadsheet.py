"""CSV that is harmless in a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    """A file for ``csv.writer`` that hands each line straight back."""

    def write(self, line: str) -> str:
        return line


def lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """CSV text line by line; the table is never in memory as a whole."""
    writer = csv.writer(_Echo())
    for row in rows:
        yield writer.writerow(row)


def harmless(cell: object) -> object:
    """Text a spreadsheet would run as a formula gets an apostrophe in front, which shows it as text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
