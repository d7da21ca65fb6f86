"""Models to call in tests, at endpoints of the fake upstream, with prices that make the arithmetic easy."""

from datetime import UTC, date, datetime
from typing import Any

from catalog import versions
from catalog.models import CancelPolicy, Category, DataCenter, Endpoint, Model, PriceTick, Provider

INPUT, OUTPUT = 1_000_000_000, 4_000_000_000  # $1 and $4 per million tokens


def model(slug: str, **fields: Any) -> Model:
    defaults: dict[str, Any] = {
        "name": slug.replace("-", " ").title(),
        "vendor_id": f"test/{slug}",
        "developer": "Test",
        "category": Category.HOSTED,
        "input_modalities": ["text"],
        "output_modalities": ["text"],
        "context_window": 8192,
        "max_output_tokens": 1000,
        "input_nanousd_per_mtok": INPUT,
        "output_nanousd_per_mtok": OUTPUT,
        "price_source": "test",
        "price_date": date(2026, 1, 1),
    }
    return Model.objects.create(slug=slug, **(defaults | fields))


def data_center(slug: str) -> DataCenter:
    return DataCenter.objects.get_or_create(
        slug=slug, defaults={"name": slug.upper(), "market": "TEST", "node": slug, "time_zone": "UTC", "latitude": 0, "longitude": 0}
    )[0]


def provider(slug: str = "clod", **fields: Any) -> Provider:
    defaults = {"name": slug.title(), "needs_credential": False, "adapter": "compatible", "cancel_policy": CancelPolicy.CANCEL}
    return Provider.objects.get_or_create(slug=slug, defaults=defaults | fields)[0]


def endpoint(
    of: Model, base_url: str, behaviour: str, *, at: str = "dfw", price_ppm: int = 1_000_000, fee: int = 0, **fields: Any
) -> Endpoint:
    """An endpoint of the fake upstream with a tick at ``price_ppm`` millionths of the list price."""
    hosted = of.category == Category.HOSTED
    row = Endpoint.objects.create(
        model=of,
        provider=fields.pop("provider", None) or provider("clod" if hosted else at),
        data_center=data_center(at) if hosted else None,
        upstream_model=behaviour,
        base_url=base_url,
        **fields,
    )
    PriceTick.objects.create(
        endpoint=row,
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        input_nanousd_per_mtok=of.input_nanousd_per_mtok * price_ppm // 1_000_000,
        output_nanousd_per_mtok=of.output_nanousd_per_mtok * price_ppm // 1_000_000,
        multiplier_ppm=price_ppm,
        fee_basis_points=fee,
    )
    versions.bump()
    return row
