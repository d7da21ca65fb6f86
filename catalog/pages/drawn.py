"""Charts as they are sent: the figure as JSON with its ETag, its sketch for a page's first paint, its sentence.

Kept until prices change.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from catalog.models import Model
from catalog.pages import charts, figures, kept, sketch
from catalog.pages.spans import Span


class Drawn(NamedTuple):
    body: bytes
    etag: str
    sketch: sketch.Sketch | None
    unit: str
    sentence: str


def of(model: Model, span: Span) -> Drawn:
    return kept.once(("drawn", model.slug, span), lambda: _drawn(figures.plotly_figure(charts.price_history(model, span.hours), span.show)))


def compared(models: Sequence[Model], span: Span) -> Drawn:
    """Several models against their list prices."""
    key = ("compared", tuple(model.slug for model in models), span.hours)
    return kept.once(key, lambda: _drawn(figures.against_list([(each.name, charts.price_history(each, span.hours)) for each in models])))


def _drawn(figure: dict[str, Any]) -> Drawn:
    body = json.dumps(figure, separators=(",", ":"), ensure_ascii=False).encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    return Drawn(body, etag, sketch.of(figure), figure["unit"], figure["sentence"])
