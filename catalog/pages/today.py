"""Today's electricity for the landing page: the data center requests were routed to, against the average one.

``saving`` is 1 − (mean of the routed site's delivered price ÷ mean of the average site's) over the same 24 hours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from catalog import destination
from catalog.models import Category, Model
from catalog.pages import charts

WIDTH, HEIGHT = 720, 220


@dataclass(frozen=True)
class Today:
    """USD per MWh, delivered; one value a slot, oldest first."""

    routed: list[float]
    average: list[float]
    site_name: str
    site_count: int
    source: str

    @property
    def saving(self) -> float:
        return 1 - sum(self.routed) / sum(self.average) if sum(self.average) > 0 else 0.0

    @property
    def saving_percent(self) -> int:
        return round(self.saving * 100)

    @property
    def is_demo(self) -> bool:
        return self.source.startswith("demo")

    @property
    def ceiling(self) -> float:
        """The top of the scale, a round number of dollars above everything drawn."""
        return max(20.0, -(-max(*self.routed, *self.average) // 10) * 10)

    @property
    def floor(self) -> float:
        return min(0.0, min(*self.routed, *self.average) // 10 * 10)

    @property
    def routed_path(self) -> str:
        return self._path(self.routed)

    @property
    def average_path(self) -> str:
        return self._path(self.average)

    @property
    def gap_path(self) -> str:
        """The area between both lines: what routing left unspent."""
        there, back = self._points(self.average), self._points(self.routed)[::-1]
        return "M" + " ".join(there + back) + "Z"

    def _path(self, values: Sequence[float]) -> str:
        return "M" + " ".join(self._points(values))

    def _points(self, values: Sequence[float]) -> list[str]:
        across, up = WIDTH / (len(values) - 1), HEIGHT / (self.ceiling - self.floor)
        return [f"{index * across:.1f} {HEIGHT - (value - self.floor) * up:.1f}" for index, value in enumerate(values)]


def now() -> Today | None:
    """Of the model whose requests the frame's pulse tells about; None until there are two prices to compare."""
    going = destination.now()
    model = Model.objects.filter(pk=going.model_id).first() if going and going.model_id else _widest()
    return of(charts.price_history(model, 24)) if model else None


def of(history: Mapping[str, Any]) -> Today | None:
    sites = {site["data_center"]: site for site in history["sites"]}
    path = history["routed"]["data_center"]
    routed, average = [], []
    for index, slug in enumerate(path):
        known = [value for site in sites.values() if (value := site["electricity"][index]) is not None]
        if slug and known and sites[slug]["electricity"][index] is not None:
            routed.append(sites[slug]["electricity"][index])
            average.append(sum(known) / len(known))
    last = sites.get(next(filter(None, reversed(path)), ""))
    if len(routed) < 2 or last is None or last["now"] is None:
        return None
    return Today(routed, average, last["name"], len(sites), last["now"]["source"])


def _widest() -> Model | None:
    """The hosted model that is at the most sites."""
    hosted = Model.objects.filter(category=Category.HOSTED, active=True, endpoints__data_center__isnull=False)
    return hosted.annotate(sites=Count("endpoints__data_center", distinct=True)).order_by("-sites", "name").first()
