"""Models to choose from."""

import datetime as dt
from typing import Any

from catalog.models import Category, Model


def model(slug: str, **fields: Any) -> Model:
    facts: dict[str, Any] = {
        "name": slug.title(),
        "vendor_id": f"test/{slug}",
        "developer": "Test",
        "category": Category.HOSTED,
        "context_window": 8192,
        "max_output_tokens": 1024,
        "input_nanousd_per_mtok": 1,
        "output_nanousd_per_mtok": 1,
        "price_source": "test",
        "price_date": dt.date(2026, 1, 1),
    }
    return Model.objects.create(slug=slug, **facts | fields)
