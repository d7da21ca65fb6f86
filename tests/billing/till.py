"""What money tests need: a customer with a key and a balance, something to call, and short words for calls."""

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from accounts import onboarding
from accounts.models import Organization, User
from activity.recorder import RequestRow
from billing import holds, ledger
from billing.models import FreeQuotaDay, Hold, Wallet
from billing.terms import Held, HoldAsk, Outcome
from catalog.models import Category, DataCenter, Endpoint, Model, PriceTick, Provider
from clod_site.lib import clock, ids
from clod_site.lib.money import usd
from projects.models import ApiKey, Project

CALL = usd("0.10")


def tick(slug: str = "llama") -> PriceTick:
    """The price of a hosted model at one data center."""
    hosted = Provider.objects.get_or_create(slug="clod", defaults={"name": "CLōD"})[0]
    site = {"name": "DFW", "market": "ERCOT", "node": "HB", "time_zone": "UTC", "latitude": 0, "longitude": 0}
    data_center = DataCenter.objects.get_or_create(slug="dfw", defaults=site)[0]
    model = Model.objects.create(
        slug=slug,
        name=slug.title(),
        vendor_id=f"test/{slug}",
        developer="Test",
        category=Category.HOSTED,
        context_window=8192,
        max_output_tokens=1000,
        input_nanousd_per_mtok=usd("1"),
        output_nanousd_per_mtok=usd("4"),
        price_source="test",
        price_date=date(2026, 1, 1),
    )
    endpoint = Endpoint.objects.create(model=model, provider=hosted, data_center=data_center, upstream_model=slug)
    return PriceTick.objects.create(
        endpoint=endpoint, valid_from=datetime(2026, 1, 1, tzinfo=UTC), input_nanousd_per_mtok=usd("1"), output_nanousd_per_mtok=usd("4")
    )


@dataclass
class Customer:
    organization: Organization
    project: Project
    key: ApiKey
    tick: PriceTick

    @property
    def wallet(self) -> Wallet:
        return Wallet.objects.get(organization=self.organization)

    def ask(self, amount: int = CALL, *, free: bool = False, **changes: Any) -> HoldAsk:
        fields: dict[str, Any] = {
            "request_id": ids.uuid7(),
            "organization_id": self.organization.pk,
            "project_id": self.project.pk,
            "api_key_id": self.key.pk,
            "price_tick_id": self.tick.pk,
            "amount_nanousd": amount,
            "is_free_model": free,
            "ttl_s": 600,
        }
        return HoldAsk(**(fields | changes))

    def pay_in(self, dollars: str) -> None:
        ledger.credit(self.wallet.pk, usd(dollars), key=str(ids.uuid7()), reason="test")

    def used_today(self) -> int:
        row = FreeQuotaDay.objects.filter(organization=self.organization).first()
        return row.used if row else 0

    def state_of(self, request_id: UUID) -> str:
        return Hold.objects.get(pk=request_id).state


def customer(name: str = "dana", dollars: str | None = "1.00", **organization: Any) -> Customer:
    user = User.objects.create(email=f"{name}@example.org")
    theirs = onboarding.create_personal_organization(user)
    Organization.objects.filter(pk=theirs.pk).update(**organization)
    theirs.refresh_from_db()
    project = Project.objects.get(organization=theirs)
    key = ApiKey.objects.create(project=project, name="test", public_id=ids.random_base62(12), digest=b"", pepper_id="")
    shopper = Customer(theirs, project, key, PriceTick.objects.first() or tick())
    if dollars:
        shopper.pay_in(dollars)
    return shopper


def outcome(held: Held, charge: int = 0, **changes: Any) -> Outcome:
    """A call answered in full."""
    fields: dict[str, Any] = {
        "id": held.request_id,
        "organization_id": held.organization_id,
        "project_id": held.project_id,
        "api_key_id": None,
        "user_id": None,
        "created_at": clock.now(),
        "model": "llama",
        "operation": "chat",
        "requested_model": "Llama",
        "provider": "clod",
        "data_center": "dfw",
        "price_tick_id": held.price_tick_id,
        "status": "ok",
        "error_code": "",
        "finish_reason": "stop",
        "is_stream": False,
        "prompt_tokens": 10,
        "completion_tokens": 10,
        "cached_tokens": 0,
        "reasoning_tokens": 0,
        "list_cost_nanousd": charge,
        "fee_nanousd": 0,
        "is_estimated": False,
        "is_usage_suspect": False,
        "attempts": 1,
        "ttft_ms": 5,
        "latency_ms": 9,
        "routing": {},
    }
    attempts = changes.pop("attempt_rows", ())
    return Outcome(charge, RequestRow(**(fields | changes)), attempts)


def statement_adds_up(wallet: Wallet) -> bool:
    """Whether each entry, in the order of a statement, leaves the balance before it and its amount."""
    balance = 0
    for entry in wallet.entries.order_by("created_at", "id"):
        balance += entry.amount_nanousd
        if entry.balance_after_nanousd != balance:
            return False
    return balance == wallet.balance_nanousd


def run(call: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(call)


def authorise(ask: HoldAsk) -> Held:
    """One call's hold, from a thread without an event loop."""
    held: Held = run(holds.authorise(ask))
    return held


def capture(held: Held, charge: int, **changes: Any) -> Any:
    return run(holds.capture(held, outcome(held, charge, **changes)))


def all_at_once(asks: Iterable[HoldAsk]) -> list[Any]:
    """Every hold or refusal of concurrent calls of one event loop."""

    async def gather() -> list[Any]:
        return await asyncio.gather(*(holds.authorise(ask) for ask in asks), return_exceptions=True)

    answers: list[Any] = run(gather())
    return answers
