"""Means over steps, made by the database: a week at nine data centers is 18,000 rows, and a year a million.

Read row by row they would hold up the gateway's other calls for as long as Python looks at each. The multiplier is the one
formula that is written twice for it: here, and in ``catalog.energy.tariff``; a test holds both to the same number.
"""

from collections.abc import Sequence
from typing import Any, cast

from django.db.models import Avg, BigIntegerField, Case, Count, Expression, F, Field, FloatField, Func, IntegerField, QuerySet, Value, When
from django.db.models.functions import Cast, Greatest, Least

from catalog.energy import tariff
from catalog.list_prices import Noted

SMOOTHED, REFERENCE = "smoothed_microusd_per_mwh", "reference_microusd_per_mwh"


class StepOf(Func):
    """The number of the step since 1970 that an instant is in."""

    output_field = BigIntegerField()

    def __init__(self, instant: str, step_s: int) -> None:
        super().__init__(F(instant))
        self.step_s = int(step_s)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = f"(CAST(strftime('%%%%s', %(expressions)s) AS INTEGER) / {self.step_s})"
        return self.as_sql(compiler, connection, template=template, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = f"(CAST(EXTRACT(EPOCH FROM %(expressions)s) AS BIGINT) / {self.step_s})"
        return self.as_sql(compiler, connection, template=template, **context)


def by_step(rows: "QuerySet[Any]", site: str, step_s: int, eras: Sequence[Noted], at: str = "") -> "QuerySet[Any, dict[str, Any]]":
    """One row for each step, data center and era of list prices: how many ``slots``, and their mean ``swing``, ``smoothed``,
    ``reference``.

    ``eras`` are what ``list_prices.since`` gave, ``at`` is the way from ``rows`` to their delivered prices.
    """
    numbers = _by_era(eras, list(range(len(eras))), IntegerField())
    groups = rows.annotate(step=StepOf("interval_start", step_s), site=F(site), era=numbers).values("step", "site", "era").order_by()
    means = {"swing": Avg(swing(eras, at)), "smoothed": Avg(at + SMOOTHED), "reference": Avg(at + REFERENCE), "slots": Count("pk")}
    return cast("QuerySet[Any, dict[str, Any]]", groups.annotate(**means))


def swing(eras: Sequence[Noted], at: str) -> Expression:
    """The multiplier less 1, in millionths and not yet rounded: what ``tariff.multiplier`` computes, in the same order."""
    smoothed, reference = F(at + SMOOTHED), F(at + REFERENCE)
    raw = _by_era(eras, [max(era.terms.weight, 0) * tariff.PPM for era in eras], FloatField()) * (smoothed - reference) / reference
    within = Least(Greatest(raw, _real(-tariff.MAX_DISCOUNT_PPM)), _real(tariff.MAX_SURCHARGE_PPM))
    return Case(When(**{f"{at}{REFERENCE}__gt": 0}, then=within), default=_real(0))


def _by_era(eras: Sequence[Noted], values: Sequence[float], kind: "Field[Any, Any]") -> Expression:
    """The value of the era that a slot is in; the first one holds before its time, too."""
    later = [When(interval_start__gte=era.valid_from, then=Value(value)) for era, value in zip(eras, values, strict=True)][1:]
    return Cast(Case(*reversed(later), default=Value(values[0])), kind)


def _real(number: float) -> Cast:
    """PostgreSQL would take a literal for an exact decimal."""
    return Cast(Value(float(number)), FloatField())
