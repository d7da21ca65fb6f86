"""Rows of the request log, as the ledger would have written them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from activity.models import Request
from catalog.models import Endpoint, PriceTick
from clod_site.lib import clock, ids
from clod_site.lib.money import usd
from projects.models import Project
from tests.catalog import stock


def tick() -> PriceTick:
    """A price of the model "llama" at a data center; the same one for every call in a test."""
    found = PriceTick.objects.first()
    if found:
        return found
    endpoint = Endpoint.objects.get(model=stock.hosted("nva"))
    return PriceTick.objects.create(
        endpoint=endpoint,
        valid_from=clock.now() - timedelta(days=60),
        input_nanousd_per_mtok=usd("0.45"),
        output_nanousd_per_mtok=usd("0.72"),
        multiplier_ppm=900_000,
    )


def call(project: Project, ago: timedelta = timedelta(minutes=1), **fields: Any) -> Request:
    """A request of the project, answered in full so long ago."""
    made = row(project, ago, **({"price_tick": tick()} | fields))
    made.save(force_insert=True)
    return made


def row(project: Project, ago: timedelta, **fields: Any) -> Request:
    """Such a request, not stored yet."""
    at = clock.now() - ago
    return Request(
        **{
            "id": id_at(at),
            "organization_id": project.organization_id,
            "project": project,
            "created_at": at,
            "model": "llama",
            "requested_model": "Llama@price",
            "provider": "clod",
            "data_center": "nva",
            "status": "ok",
            "paid_by": "wallet",
            "prompt_tokens": 1000,
            "completion_tokens": 500,
            "cost_nanousd": 810_000,
            "list_cost_nanousd": 900_000,
            "attempts": 1,
            "ttft_ms": 200,
            "latency_ms": 1200,
        }
        | fields
    )


def id_at(instant: datetime) -> UUID:
    """A request id made at that instant; ids begin with their millisecond."""
    return UUID(int=int(instant.timestamp() * 1000) << 80 | ids.uuid7().int & (1 << 80) - 1)
