"""Rows that are past their time go in small batches, so that a call never waits long for one of them."""

from typing import Any

from django.db.models import QuerySet

AT_ONCE = 500
MOST_IN_RUN = 20_000  # the rest waits for the next run


def delete(stale: "QuerySet[Any]") -> int:
    """Delete what the query finds, a batch a transaction; how many. A row that is no longer stale when its turn comes, stays."""
    ids = list(stale.order_by("pk").values_list("pk", flat=True)[:MOST_IN_RUN])
    return sum(stale.filter(pk__in=ids[start : start + AT_ONCE]).delete()[0] for start in range(0, len(ids), AT_ONCE))
