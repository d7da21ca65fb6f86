"""The catalog as the gateway sees it: immutable, complete, loaded in one go and replaced as a whole."""

from datetime import datetime

import msgspec


class Tick(msgspec.Struct, frozen=True):
    """A price in force; nano-USD per million tokens, before the fee."""

    id: int
    valid_from: datetime
    input_nanousd_per_mtok: int
    output_nanousd_per_mtok: int
    multiplier_ppm: int
    fee_basis_points: int


class Route(msgspec.Struct, frozen=True):
    """A routable endpoint: its address and credential are known and it has a price."""

    endpoint_id: int
    model_slug: str
    provider: str
    data_center: str  # slug, empty for third parties
    data_center_name: str
    base_url: str
    upstream_model: str
    adapter: str
    cancel_policy: str
    max_concurrency: int
    tick: Tick
    delivered_microusd_per_mwh: int | None  # electricity at the data center now; None for third parties
    credential: str = ""

    def __repr__(self) -> str:
        return f"<Route {self.model_slug} at {self.data_center or self.provider}>"


class ModelCard(msgspec.Struct, frozen=True):
    """A model with its list price and whatever routes it has now (none: known, but not available)."""

    slug: str
    name: str
    vendor_id: str
    developer: str
    category: str
    is_free: bool
    input_modalities: tuple[str, ...]
    context_window: int
    max_output_tokens: int
    input_nanousd_per_mtok: int
    output_nanousd_per_mtok: int
    created_at: datetime
    routes: tuple[Route, ...]


class Catalog(msgspec.Struct, frozen=True):
    """Every active model by slug, and every spelling of a name that resolves to it (case-folded)."""

    version: int
    models: dict[str, ModelCard]
    names: dict[str, str]
