"""Times of many requests as a text that databases can join and Python counts fast: ``118:3 121`` is three in bucket 118, one in 121.

The buckets are those of ``catalog.tallies``: logarithmic, 4 % wide, so a percentile is right to 2 %. Texts are merged by putting a
space between them, which is one aggregate in SQL; a million requests are counted in some tens of milliseconds.
"""

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.db.models import Aggregate, CharField, Expression, F, FloatField, IntegerField, Q, TextField, Value
from django.db.models.functions import Cast, Greatest, Ln, Round

from catalog import tallies

Counts = Counter[int]


class Joined(Aggregate):
    """Texts of a group with spaces between them; None for no text."""

    function, output_field = "STRING_AGG", TextField()
    template = "%(function)s(%(expressions)s, ' ')"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **context)


def joined_buckets(field: str, only: Q | None = None) -> Joined:
    """The buckets of a column of milliseconds, as ``tallies.bucket`` has them; rows without a time are left out."""
    known = Q(**{f"{field}__isnull": False})
    return Joined(_bucket(field), filter=known & only if only else known)


def _bucket(field: str) -> Expression:
    at_least = Greatest(Cast(F(field), FloatField()), Value(tallies.LOWEST, FloatField()))
    return Cast(Cast(Round(Ln(at_least) / Value(tallies.STEP, FloatField())), IntegerField()), CharField(max_length=6))


def read(text: str) -> Counts:
    """How many in each bucket."""
    found: dict[int, int] = {}
    for word, times in Counter(text.split()).items():
        bucket, count = _bucket_and_count(word)
        found[bucket] = found.get(bucket, 0) + times * count
    return Counter(found)


@lru_cache(maxsize=1 << 14)
def _bucket_and_count(word: str) -> tuple[int, int]:
    """The same words come again in every day's text."""
    bucket, _, count = word.partition(":")
    return int(bucket), int(count or 1)


def write(counts: Mapping[int, int]) -> str:
    return " ".join(f"{bucket}:{count}" if count > 1 else str(bucket) for bucket, count in sorted(counts.items()))


def percentile(counts: Mapping[int, int], share: float) -> int | None:
    """Milliseconds that ``share`` (0…1) of the requests stay at or below; None without requests."""
    rest = share * sum(counts.values())
    for bucket in sorted(counts):
        rest -= counts[bucket]
        if rest <= 1e-9:
            return round(tallies.middle(bucket))
    return None
