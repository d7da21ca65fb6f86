"""What can be wrong with a catalog file, told so that one look at the file mends it."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

_LONGEST_WORD = 120


class Problem(NamedTuple):
    """``file:line: field: what was found and what is expected``; line 0 speaks of the file as a whole."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (f"{self.file}:{self.line}" if self.line else self.file, self.field, self.message)))


class CatalogInvalid(Exception):
    """Nothing was written. ``problems`` holds all of them, in the order of the files."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """The nearest option as a hint, else all of them when they are few, else nothing."""
    known = sorted(options)
    nearest = get_close_matches(word[:_LONGEST_WORD], known, n=1, cutoff=0.5)
    if nearest:
        return f"; did you mean {nearest[0]}?"
    return f"; expected one of {', '.join(known)}" if 0 < len(known) <= 12 else ""
