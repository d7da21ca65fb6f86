"""Where energy routing sends requests: decided once per interval, by the job that computes the prices, for everybody.

For each set of data centers that some model is at, the hysteresis of ``catalog.energy.steady`` goes on from the interval
before, and its answer is a ``RoutedSite`` row. Gateways, pages, charts and the price API read it; none decides for itself, so
they agree, and a restart forgets nothing. What a gateway knows better at the moment (an endpoint that fails, or is full) it
puts on top; see ``catalog.routing``.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta

from catalog import ticks
from catalog.energy.delivered import SLOT
from catalog.energy.steady import FORGET, Stance, step
from catalog.models import Category, DeliveredPrice, Endpoint, RoutedSite

Sites = frozenset[int]  # ids of data centers
Prices = dict[datetime, dict[int, int]]  # by slot, then by data center: smoothed micro-USD per MWh
LOOK_BACK = timedelta(days=7)
CHUNK = 1000


def key(sites: Iterable[int]) -> str:
    """What a set is known by: its ids in order."""
    return ",".join(map(str, sorted(sites)))


def publish(now: datetime) -> int:
    """Decide for every set and every slot that has prices and no decision yet, at most seven days back; the number of new rows."""
    wanted = {key(sites): sites for sites in offered()}
    known = _stances(wanted, now - FORGET)
    known |= _stances(wanted.keys() - known.keys(), now - LOOK_BACK)
    since = {name: known[name].interval + SLOT if name in known else now - LOOK_BACK for name in wanted}
    prices = _prices(min(since.values()), now) if since else {}
    rows = [row for name, sites in wanted.items() for row in _decided(name, sites, known.get(name), since[name], prices)]
    RoutedSite.objects.bulk_create(rows, batch_size=CHUNK, ignore_conflicts=True)
    return len(rows)


def offered() -> set[Sites]:
    """Every set of data centers that a model is at, and that a model can be called at."""
    hosted = Endpoint.objects.filter(active=True, model__active=True, model__category=Category.HOSTED, data_center__active=True)
    everywhere = _by_model(hosted.values_list("model_id", "data_center_id"))
    callable_ = _by_model((endpoint.model_id, endpoint.data_center_id) for endpoint in ticks.routable() if endpoint.data_center_id)
    return everywhere | callable_


def newest(keys: Iterable[str], interval: datetime) -> dict[str, int]:
    """By the key of a set: the data center requests go to, as decided in ``interval`` or shortly before it. One query.

    Sets nothing was decided for are left out: whoever asks goes to the cheapest one then.
    """
    return {name: stance.site for name, stance in _stances(set(keys), interval - FORGET).items()}


def path(sites: Iterable[int], start: datetime, end: datetime) -> dict[datetime, int]:
    """The data center of each slot in [start, end). One query."""
    rows = RoutedSite.objects.filter(sites=key(sites), interval_start__gte=start, interval_start__lt=end)
    return dict(rows.values_list("interval_start", "data_center_id"))


def paths(keys: Iterable[str], slots: Iterable[datetime]) -> dict[str, dict[datetime, int]]:
    """The same of several sets, by their keys, in some slots only. One query."""
    rows = RoutedSite.objects.filter(sites__in=set(keys), interval_start__in=list(slots))
    found: dict[str, dict[datetime, int]] = {}
    for name, slot, site in rows.values_list("sites", "interval_start", "data_center_id").iterator():
        found.setdefault(name, {})[slot] = site
    return found


# --- deciding ------------------------------------------------------------------------------------


def _decided(name: str, sites: Sites, stance: Stance[int] | None, since: datetime, prices: Prices) -> Iterator[RoutedSite]:
    for slot in sorted(slot for slot in prices if slot >= since):
        here = {site: price for site, price in prices[slot].items() if site in sites}
        if here:
            stance = step(stance, here, slot)
            yield RoutedSite(sites=name, interval_start=slot, data_center_id=stance.site, is_tempted=stance.is_tempted)


def _by_model(pairs: Iterable[tuple[int, int]]) -> set[Sites]:
    sets: dict[int, set[int]] = {}
    for model, site in pairs:
        sets.setdefault(model, set()).add(site)
    return {frozenset(sites) for sites in sets.values()}


def _stances(keys: Collection[str], since: datetime) -> dict[str, Stance[int]]:
    """The last decision of each set, if there was one since then."""
    rows = RoutedSite.objects.filter(sites__in=keys, interval_start__gte=since).order_by("interval_start")
    fields = rows.values_list("sites", "data_center_id", "interval_start", "is_tempted")
    return {name: Stance(site, slot, tempted) for name, site, slot, tempted in fields.iterator()} if keys else {}


def _prices(since: datetime, now: datetime) -> Prices:
    rows = DeliveredPrice.objects.filter(data_center__active=True, interval_start__gte=since, interval_start__lte=now)
    prices: Prices = {}
    for slot, site, smoothed in rows.values_list("interval_start", "data_center_id", "smoothed_microusd_per_mwh").iterator():
        prices.setdefault(slot, {})[site] = smoothed
    return prices
