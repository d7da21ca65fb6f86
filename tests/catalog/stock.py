"""A small catalog for tests: data centers on known nodes, one hosted model, one third-party model."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from catalog.energy.feeds import FeedError, Node, PricePoint, SourceDown
from catalog.models import Category, DataCenter, Endpoint, Model, Provider
from clod_site.lib.money import usd

NOON = datetime(2026, 11, 22, 12, 1, tzinfo=UTC)
SLOT = timedelta(minutes=5)
TWO_HOURS = 1 / 12  # in days: a past for what is told of prices, and written in a twelfth of the time
NODES = {"nva": ("PJM", "DOM"), "dfw": ("ERCOT", "HB_NORTH"), "okc": ("SPP", "SPPSOUTH_HUB")}
LIST_IN, LIST_OUT = usd("0.50"), usd("0.80")


def data_center(slug: str, node: Node | None = None, adder_usd: int = 20) -> DataCenter:
    market, name = node or NODES[slug]
    return DataCenter.objects.create(
        slug=slug,
        name=slug.upper(),
        market=market,
        node=name,
        time_zone="UTC",
        latitude=40,
        longitude=-90,
        adder_microusd_per_mwh=adder_usd * 10**6,
    )


def model(slug: str = "llama", **fields: Any) -> Model:
    return Model.objects.create(
        **{
            "slug": slug,
            "name": slug.title(),
            "vendor_id": f"vendor/{slug}",
            "developer": "Vendor",
            "category": Category.HOSTED,
            "energy_weight": 0.35,
            "input_modalities": ["text"],
            "context_window": 8192,
            "max_output_tokens": 1024,
            "input_nanousd_per_mtok": LIST_IN,
            "output_nanousd_per_mtok": LIST_OUT,
            "price_source": "test",
            "price_date": date(2026, 1, 1),
        }
        | fields
    )


def provider(slug: str = "clod", **fields: Any) -> Provider:
    return Provider.objects.create(slug=slug, name=slug.title(), **{"needs_credential": False} | fields)


def hosted(slugs: str = "nva dfw okc", **fields: Any) -> Model:
    """A CLōD-hosted model that can be called at each of these data centers."""
    made, clod = model(**fields), Provider.objects.filter(slug="clod").first() or provider()
    for slug in slugs.split():
        site = DataCenter.objects.filter(slug=slug).first() or data_center(slug)
        Endpoint.objects.create(model=made, provider=clod, data_center=site, upstream_model="m", base_url="http://127.0.0.1:1/v1")
    return made


def third_party(slug: str = "gpt", **fields: Any) -> Model:
    """A model at one provider, whose address and key are known."""
    made = model(slug, category=Category.THIRD_PARTY, energy_weight=0, **fields)
    vendor = provider(f"{slug}-vendor", base_url="https://api.vendor.example/v1", needs_credential=True)
    vendor.set_credential("sk-vendor-secret")
    vendor.save()
    Endpoint.objects.create(model=made, provider=vendor, upstream_model=slug)
    return made


class ScriptedFeed:
    """Says what a test wants: ``prices[node]`` in USD per MWh for every interval it is asked for, or nothing, or an error."""

    name, label, has_past = "scripted", "scripted feed", True

    def __init__(self, prices: dict[Node, float], *, mean_usd: float | None = 50) -> None:
        self.prices = prices
        self.mean_usd = mean_usd
        self.error: FeedError | None = None
        self.asked: list[tuple[Node, datetime, datetime]] = []

    def points(self, market_nodes: list[Node], start: datetime, end: datetime) -> list[PricePoint]:
        self.asked += [(node, start, end) for node in market_nodes]
        if self.error:
            raise self.error
        known = [node for node in market_nodes if node in self.prices]
        steps = range((end - start) // SLOT)
        return [
            PricePoint(*node, start + SLOT * n, start + SLOT * (n + 1), round(self.prices[node] * 10**6)) for node in known for n in steps
        ]

    def mean(self, market_node: Node, adder: int, start: datetime, end: datetime) -> int | None:
        return None if self.mean_usd is None else round(self.mean_usd * 10**6)

    def fail(self) -> None:
        self.error = SourceDown("no answer within 15 s")
