"""How many bodies of a project are stored. ``activity.bodies`` holds them, counts them, and registers itself here."""

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

MOST = 10_000


class Stored(NamedTuple):
    """``plain`` of ``total`` can be read by members. Counting ends at ``MOST``: from there on it is "at least"."""

    total: int = 0
    plain: int = 0

    def __str__(self) -> str:
        return f"{self.total:,}{'+' if self.total >= MOST else ''}"


def _none(project_id: UUID) -> Stored:
    return Stored()


_count: Callable[[UUID], Stored] = _none


def register(count: Callable[[UUID], Stored]) -> None:
    global _count
    _count = count


def of(project_id: UUID) -> Stored:
    return _count(project_id)
