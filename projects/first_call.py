"""Which model a first call names, in the snippets of key pages, first steps and docs."""

from django.core.cache import cache

from catalog.pages import market
from projects.models import ApiKey, Project

FALLBACK = "deepseek-v3"
REMEMBERED_S = 60


def model_for(*limits: Project | ApiKey) -> str:
    """The slug of a model the project and key may call: one that answers here before one that does not, a free one before a paid one."""
    allowed = [slugs for limit in limits if (slugs := set(limit.allowed_models.values_list("slug", flat=True)))]
    ranked = cache.get_or_set("first_call.ranked", _ranked, REMEMBERED_S) or []
    return next((slug for slug in ranked if all(slug in slugs for slugs in allowed)), FALLBACK)


def _ranked() -> list[str]:
    """The market takes a few hundred milliseconds to draw; which models answer changes rarely."""
    rows = sorted(market.rows(), key=lambda row: (not row.is_available, not row.model.is_free, row.model.name))
    return [row.model.slug for row in rows]
