"""The four kinds of catalog rows and the fields each may have. The order is the order of loading: later kinds refer to earlier ones."""

from typing import Any, NamedTuple

from catalog import variables
from catalog.features import FEATURES
from catalog.loading import fields
from catalog.models import MODALITIES, OUTPUTS, CancelPolicy, Category, DataCenter, Endpoint, Model, Provider
from catalog.operations import OPERATIONS
from catalog.providers import ADAPTERS

_MOST_TOKENS = 100_000_000
_KEY = fields.kept_by(variables.check_key, fields.variable)
_ADDRESS = fields.kept_by(lambda name: variables.check_address(name.replace(fields.DATA_CENTER, "X")), fields.variable)


class Field(NamedTuple):
    """``column`` is where the value is kept, when the field has a unit of its own in the files."""

    read: fields.Reader
    required: bool = False
    column: str = ""


class Kind(NamedTuple):
    name: str
    model: Any
    fields: dict[str, Field]

    def column_of(self, name: str) -> str:
        return self.fields[name].column or name


_ROW = {
    "slug": Field(fields.slug, required=True),
    "name": Field(fields.text, required=True),
    "active": Field(fields.flag),
}

PROVIDERS = Kind(
    "providers",
    Provider,
    {
        **_ROW,
        "website_url": Field(fields.address),
        "base_url": Field(fields.upstream),
        "adapter": Field(fields.choice(ADAPTERS)),
        "credential_env": Field(_KEY),
        "needs_credential": Field(fields.flag),
        "cancel_policy": Field(fields.choice(CancelPolicy.values)),
    },
)

DATA_CENTERS = Kind(
    "data_centers",
    DataCenter,
    {
        **_ROW,
        "market": Field(fields.text, required=True),
        "node": Field(fields.text, required=True),
        "time_zone": Field(fields.time_zone, required=True),
        "latitude": Field(fields.number(-90, 90), required=True),
        "longitude": Field(fields.number(-180, 180), required=True),
        "pue": Field(fields.number(1, 5)),
        "credential_env": Field(_KEY),
        "adder_usd_per_mwh": Field(fields.usd_per_mwh, column="adder_microusd_per_mwh"),
    },
)

MODELS = Kind(
    "models",
    Model,
    {
        **_ROW,
        "vendor_id": Field(fields.text, required=True),
        "developer": Field(fields.text, required=True),
        "description": Field(fields.text),
        "category": Field(fields.choice(Category.values), required=True),
        "is_free": Field(fields.flag),
        "input_modalities": Field(fields.some_of(MODALITIES), required=True),
        "output_modalities": Field(fields.some_of(OUTPUTS), required=True),
        "operations": Field(fields.some_of(OPERATIONS)),
        "features": Field(fields.any_of(FEATURES)),
        "context_window": Field(fields.integer(1, _MOST_TOKENS), required=True),
        "max_output_tokens": Field(fields.integer(0, _MOST_TOKENS), required=True),
        "parameters_b": Field(fields.number(0, 100_000)),
        "active_parameters_b": Field(fields.number(0, 100_000)),
        "licence": Field(fields.text),
        "input_usd_per_mtok": Field(fields.usd_per_mtok, required=True, column="input_nanousd_per_mtok"),
        "output_usd_per_mtok": Field(fields.usd_per_mtok, required=True, column="output_nanousd_per_mtok"),
        "price_source": Field(fields.text, required=True),
        "price_date": Field(fields.day, required=True),
        "energy_weight": Field(fields.number(0, 1)),
        "input_joule_per_token": Field(fields.number(0, 1_000)),
        "output_joule_per_token": Field(fields.number(0, 1_000)),
    },
)

ENDPOINTS = Kind(
    "endpoints",
    Endpoint,
    {
        "model": Field(fields.slug, required=True),
        "provider": Field(fields.slug, required=True),
        "data_centers": Field(fields.slugs, column="data_center"),
        "upstream_model": Field(fields.text),
        "base_url": Field(fields.upstream),
        "base_url_env": Field(_ADDRESS),
        "input_usd_per_mtok": Field(fields.usd_per_mtok, column="input_nanousd_per_mtok"),
        "output_usd_per_mtok": Field(fields.usd_per_mtok, column="output_nanousd_per_mtok"),
        "max_concurrency": Field(fields.integer(1, 1_000_000)),
        "active": Field(fields.flag),
    },
)

ALL = {kind.name: kind for kind in (PROVIDERS, DATA_CENTERS, MODELS, ENDPOINTS)}
