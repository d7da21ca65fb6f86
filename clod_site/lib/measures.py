"""What this process counts about itself, for ``/metrics``. Every measure of the product is made here, and docs/metrics.md describes each.

A measure is kept in memory and belongs to one process. Its labels take few values: never an id, a path, or a name that a customer
chose. The counters are our own, and prometheus-client only writes them out: its own take twice as long to count something (2.6 µs
instead of 1.3), for locks that a measure with one thread does not need. Two threads that count the same thing at once may lose a
count, and nothing else.
"""

import logging
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
FINE_SECONDS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
MOST_VALUES = 100  # combinations of a measure's labels; what comes after them is counted as "other"
OTHER = "other"

log = logging.getLogger("clod.measures")

Labels = tuple[str, ...]
Readings = Mapping[Labels, float]

_registry = CollectorRegistry()
_ours: list["Measure"] = []
ProcessCollector(registry=_registry)


def text() -> bytes:
    """All measures in Prometheus' text format. Takes milliseconds, so not for the event loop."""
    return generate_latest(_registry)


def ours() -> list["Measure"]:
    """The product's own measures; the others are of the process, and prometheus-client's."""
    return list(_ours)


class Measure(Collector):
    def __init__(self, name: str, description: str, labels: Sequence[str] = ()) -> None:
        self.name, self.description, self.labels = name, description, tuple(labels)
        _ours.append(self)
        _registry.register(self)


class Counter(Measure):
    """Only ever grows. ``name`` ends with ``_total``."""

    def __init__(self, name: str, description: str, labels: Sequence[str] = ()) -> None:
        self._sums: dict[Labels, float] = {} if labels else {(): 0.0}
        super().__init__(name, description, labels)

    def add(self, amount: float, *labels: str) -> None:
        sums = self._sums
        if labels in sums:
            sums[labels] += amount
        else:
            labels = _bounded(labels, sums)
            sums[labels] = sums.get(labels, 0.0) + amount

    def value(self, *labels: str) -> float:
        return self._sums.get(labels, 0.0)

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(self.name.removesuffix("_total"), self.description, labels=self.labels)
        for labels, amount in list(self._sums.items()):
            family.add_metric(labels, amount)
        yield family


class Histogram(Measure):
    """How often something was as large as each of ``buckets``, and their sum."""

    def __init__(self, name: str, description: str, labels: Sequence[str] = (), buckets: Sequence[float] = SECONDS) -> None:
        self._buckets = tuple(buckets)
        self._rows: dict[Labels, list[float]] = {}
        if not labels:
            self._row(())
        super().__init__(name, description, labels)

    def add(self, amount: float, *labels: str) -> None:
        row = self._rows.get(labels) or self._row(labels)
        row[bisect_left(self._buckets, amount)] += 1
        row[-1] += amount

    def count(self, *labels: str) -> int:
        return int(sum(self._rows[labels][:-1])) if labels in self._rows else 0

    def collect(self) -> Iterator[Metric]:
        family = HistogramMetricFamily(self.name, self.description, labels=self.labels)
        for labels, row in list(self._rows.items()):
            family.add_metric(labels, _cumulated(self._buckets, row), row[-1])
        yield family

    def _row(self, labels: Labels) -> list[float]:
        return self._rows.setdefault(_bounded(labels, self._rows), [0.0] * (len(self._buckets) + 2))


class Gauge(Measure):
    """What ``read`` says whenever somebody asks: a number, one for each value of the labels, or None where nothing is known.

    It is called in a thread, may not wait for anything, and is left out when it fails.
    """

    def __init__(self, name: str, description: str, read: Callable[[], float | Readings | None], labels: Sequence[str] = ()) -> None:
        self._read = read
        super().__init__(name, description, labels)

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(self.name, self.description, labels=self.labels)
        try:
            reading = self._read()
        except Exception:
            log.exception("%s cannot be read", self.name)
            reading = None
        if reading is not None:
            for labels, value in (reading if isinstance(reading, Mapping) else {(): reading}).items():
                family.add_metric(labels, value)
        yield family


def _bounded(labels: Labels, known: Mapping[Labels, object]) -> Labels:
    return labels if len(known) < MOST_VALUES or labels in known else (OTHER,) * len(labels)


def _cumulated(buckets: Sequence[float], row: Sequence[float]) -> list[tuple[str, float]]:
    so_far, told = 0.0, []
    for bound, count in zip([*map(str, buckets), "+Inf"], row, strict=False):
        so_far += count
        told.append((bound, so_far))
    return told
