"""What a model's list price and energy weight were, and since when: so that yesterday's prices stay what they were when one changes.

The job that computes the prices notes every change with the interval it takes effect in. A model's first note holds for all
time before it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from django.db.models import OuterRef, Subquery

from catalog.models import ListPrice, Model

ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)


class Terms(msgspec.Struct, frozen=True):
    """What a token price follows from beside electricity; nano-USD per million tokens."""

    input: int
    output: int
    weight: float


class Noted(msgspec.Struct, frozen=True):
    valid_from: datetime
    terms: Terms


def terms_of(model: Model) -> Terms:
    """Those in force now."""
    return Terms(model.input_nanousd_per_mtok, model.output_nanousd_per_mtok, model.energy_weight)


def note(slot: datetime) -> int:
    """Write down what has changed since the last time; the number of models. Two queries when nothing has."""
    last = ListPrice.objects.filter(model=OuterRef("pk")).order_by("-valid_from").values("pk")[:1]
    models = list(Model.objects.filter(active=True).annotate(noted=Subquery(last)))
    known = {row.model_id: row for row in ListPrice.objects.filter(pk__in=[model.noted for model in models if model.noted])}
    changed = [model for model in models if model.pk not in known or _terms(known[model.pk]) != terms_of(model)]
    ListPrice.objects.bulk_create((_row(model, slot if model.pk in known else ALWAYS) for model in changed), ignore_conflicts=True)
    return len(changed)


def since(model: Model, start: datetime) -> list[Noted]:
    """What was in force at ``start``, and every change after it, oldest first. One query; the terms of now when nothing is noted."""
    rows = [Noted(row.valid_from, _terms(row)) for row in ListPrice.objects.filter(model=model).order_by("valid_from")]
    before = [noted for noted in rows if noted.valid_from <= start][-1:]
    return before + [noted for noted in rows if noted.valid_from > start] or [Noted(ALWAYS, terms_of(model))]


def at(history: Sequence[Noted], slot: datetime) -> Terms:
    """Of a history that ``since`` gave."""
    return next((noted.terms for noted in reversed(history) if noted.valid_from <= slot), history[0].terms)


def _terms(row: ListPrice) -> Terms:
    return Terms(row.input_nanousd_per_mtok, row.output_nanousd_per_mtok, row.energy_weight)


def _row(model: Model, valid_from: datetime) -> ListPrice:
    terms = terms_of(model)
    return ListPrice(
        model=model,
        valid_from=valid_from,
        input_nanousd_per_mtok=terms.input,
        output_nanousd_per_mtok=terms.output,
        energy_weight=terms.weight,
    )
