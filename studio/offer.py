"""What the page has to choose from: projects, and models with their price now and what they take."""

from typing import Any
from uuid import UUID

from catalog import names, operations
from catalog.pages import market, shelf
from catalog.templatetags.money_tags import basis_points, context_size, price_per_mtok
from clod_site.lib import ids
from projects.models import Project

TAGS = {"price": "Cheapest", "latency": "First token soonest", "token_rate": "Most tokens a second"}
assert tuple(TAGS) == names.TAGS


def projects(organization_id: UUID) -> list[dict[str, Any]]:
    """Projects to work in, the default one first, with the models each may call (empty: all). Two queries."""
    rows = Project.objects.filter(organization_id=organization_id, archived_at=None).prefetch_related("allowed_models")
    return [
        {"id": ids.public("proj", row.pk), "name": row.name, "models": [model.slug for model in row.allowed_models.all()]}
        for row in rows.order_by("-is_default", "name")
    ]


def models() -> list[dict[str, Any]]:
    """Every model that chats, what can be called here first, then by name."""
    rows = [row for row in shelf.choose(market.rows(), shelf.Filter()) if operations.CHAT in row.model.operations]
    return [_model(row) for row in sorted(rows, key=lambda row: not row.is_available)]


def _model(row: market.Row) -> dict[str, Any]:
    """Prices are dollars per million tokens, before the fee; ``context`` and ``max_output`` are tokens."""
    model = row.model
    return {
        "slug": model.slug,
        "name": model.name,
        "developer": model.developer,
        "label": shelf.LABELS[model.category],
        "free": model.is_free,
        "available": row.is_available,
        "missing": "" if row.is_available else _missing(row),
        "input": price_per_mtok(row.input_nanousd_per_mtok),
        "output": price_per_mtok(row.output_nanousd_per_mtok),
        "fee": basis_points(row.fee_basis_points) if row.fee_basis_points else "",
        "context": context_size(model.context_window),
        "max_output": model.max_output_tokens,
        "features": sorted(model.features),
        "reads": list(model.input_modalities),
    }


def _missing(row: market.Row) -> str:
    return next((offer.missing for offer in row.offers if offer.missing), "no endpoint serves it")
