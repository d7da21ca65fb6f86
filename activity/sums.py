"""What is added up over requests: the same figures from the requests themselves and from their rollups.

Names begin with ``all_``: Django takes no annotation that is called like a field.
"""

from typing import Any

from django.db.models import Aggregate, Count, Q, QuerySet, Sum

from activity import times
from activity.models import Request, Status

FAILED = (Status.TRUNCATED, Status.UPSTREAM_ERROR, Status.REJECTED, Status.EXPIRED)
FEW = ("prompt_tokens", "completion_tokens", "cost_nanousd", "list_cost_nanousd", "fee_nanousd")
ELECTRIC = ("energy_uwh", "electricity_picousd", "electricity_average_picousd")
HAS_FAILED, WALLET, FREE = Q(status__in=FAILED), Q(paid_by="wallet"), Q(paid_by="free")
HAS_AVERAGE = Q(electricity_average_picousd__isnull=False)
TIMES = {"ttft": Q(is_stream=True), "latency": Q(status=Status.OK)}  # of which requests

Rows = QuerySet[Any]


def stored(rows: Rows) -> dict[str, Aggregate]:
    """What a rollup keeps of a group: of requests, or of finer rollups."""
    return _totals(rows) | of_times(rows)


def shown(rows: Rows) -> dict[str, Aggregate]:
    """What tiles and savings show of any group: of requests, or of rollups."""
    is_rollup = rows.model is not Request
    return {
        "all_failed": Sum("requests", filter=HAS_FAILED, default=0) if is_rollup else Count("pk", filter=HAS_FAILED),
        "all_paid": Sum("cost_nanousd", filter=WALLET, default=0),
        "all_listed": Sum("list_cost_nanousd", filter=WALLET, default=0),
        "all_free": Sum("list_cost_nanousd", filter=FREE, default=0),
    } | _totals(rows)


def of_times(rows: Rows) -> dict[str, Aggregate]:
    """A whole answer is one token as far as its client sees, so only streams have a time to the first one."""
    if rows.model is not Request:
        return {f"all_{name}": times.Joined(name, filter=~Q(**{name: ""}) & only) for name, only in TIMES.items()}
    return {f"all_{name}": times.joined_buckets(f"{name}_ms", only) for name, only in TIMES.items()}


def _totals(rows: Rows) -> dict[str, Aggregate]:
    is_rollup = rows.model is not Request
    electric = None if is_rollup else HAS_AVERAGE
    return {
        "all_requests": Sum("requests", default=0) if is_rollup else Count("pk"),
        **{f"all_{name}": Sum(name, default=0) for name in FEW},
        **{f"all_{name}": Sum(name, filter=electric, default=0) for name in ELECTRIC},
    }
