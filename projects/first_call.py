"""Which model a first call names, in the snippets of key pages, first steps and docs."""

from catalog import market
from projects.models import Project

FALLBACK = "deepseek-v3"


def model_for(project: Project | None = None) -> str:
    """The slug of a model the project may call: one that answers here before one that does not, a free one before a paid one."""
    allowed = set(project.allowed_models.values_list("slug", flat=True)) if project else set()
    rows = [row for row in market.rows() if not allowed or row.model.slug in allowed]
    best = min(rows, key=lambda row: (not row.is_available, not row.model.is_free, row.model.name), default=None)
    return best.model.slug if best else FALLBACK
