"""One row in every table, so that every admin page has something to show."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from accounts.models import Organization, User
from activity.models import Request, SavedView
from billing.models import (
    Attempt,
    AutoTopUp,
    BudgetAlert,
    BudgetPeriod,
    FreeQuotaDay,
    Hold,
    LedgerCheck,
    LedgerEntry,
    PaymentEvent,
    PlatformLoss,
    TopUp,
)
from catalog.models import Category, DataCenter, DeliveredPrice, Endpoint, EnergyHour, EnergyPrice, Model, PriceJob, PriceTick, Provider
from clod_site.lib import clock, ids
from office.models import JobRun
from projects import keys
from projects.models import Project
from studio.models import StudioPreset, StudioToken
from team.models import AuditEvent, Invitation, MailChoices
from tests.activity import said
from tests.people import browser
from webhooks import replay
from webhooks.models import Webhook

DIGEST = bytes(range(32))
SESSION_KEY = "the-session-of-alice"


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("olga@example.org", None)


@pytest.fixture
def office(operator: User) -> Client:
    """The operator's browser."""
    return browser(operator)


@pytest.fixture
def endpoint(db: None) -> Endpoint:
    provider = Provider.objects.create(slug="clod", name="CLōD", needs_credential=False)
    data_center = DataCenter.objects.create(
        slug="nva", name="Ashburn", market="PJM", node="DOM", time_zone="America/New_York", latitude=39, longitude=-77
    )
    model = Model.objects.create(
        slug="llama",
        name="Llama 8B",
        vendor_id="meta/Llama-8B",
        developer="Meta",
        category=Category.HOSTED,
        input_modalities=["text"],
        output_modalities=["text"],
        context_window=8192,
        max_output_tokens=4096,
        input_nanousd_per_mtok=50_000_000,
        output_nanousd_per_mtok=80_000_000,
        price_source="CLōD price list",
        price_date="2026-11-01",
    )
    return Endpoint.objects.create(model=model, provider=provider, data_center=data_center, upstream_model="llama")


@pytest.fixture
def furnished(organization: Organization, project: Project, alice: User, operator: User, endpoint: Endpoint) -> None:
    """At least one row of everything the admin knows."""
    now = clock.now()
    day = {"interval_start": now, "source": "demo"}
    EnergyPrice.objects.create(market="PJM", node="DOM", interval_end=now, microusd_per_mwh=31_000_000, **day)
    hour = {f"{name}_microusd_per_mwh": 31_000_000 for name in ("mean", "lowest", "highest")}
    EnergyHour.objects.create(market="PJM", node="DOM", hour_start=now, intervals=12, source="pjm", **hour)
    PriceJob.objects.create(name="pjm", label="PJM live", last_run_at=now, duration_ms=1, outcome="ok", newest_interval_end=now)
    amounts = {f"{name}_microusd_per_mwh": 31_000_000 for name in ("wholesale", "delivered", "smoothed", "reference")}
    delivered = DeliveredPrice.objects.create(data_center=endpoint.data_center, **amounts, **day)
    price = {"input_nanousd_per_mtok": 37_500_000, "output_nanousd_per_mtok": 80_000_000}
    tick = PriceTick.objects.create(endpoint=endpoint, valid_from=now, delivered_price=delivered, **price)
    api_key, _ = keys.generate(project, name="dev", actor=alice)
    type(api_key).objects.filter(pk=api_key.pk).update(digest=DIGEST)
    _spend(organization, project, tick, now)
    StudioPreset.objects.create(organization=project.organization, author=alice, name="Greeting", setup={"panes": [{"model": "llama"}]})
    session = {"session_key": SESSION_KEY, "session_sealed": SESSION_KEY}
    StudioToken.objects.create(user=alice, project=project, digest=DIGEST, expires_at=now, **session)
    LogEntry.objects.create(user=operator, content_type=ContentType.objects.get_for_model(Model), object_repr="Llama", action_flag=CHANGE)
    Group.objects.create(name="Night shift")
    Invitation.objects.create(organization=organization, email="dora@example.org", digest=DIGEST, expires_at=now)
    AuditEvent.objects.create(organization=organization, deed="key.revoke", actor_email=alice.email, target_name="=1<b id=evil>'\"&{{x}}")
    MailChoices.objects.create(user=alice)
    webhook = Webhook.objects.create(
        organization=organization, url="https://example.org/", secret_sealed=SESSION_KEY, previous_secret_sealed=SESSION_KEY
    )
    replay.test(webhook)
    EmailAddress.objects.create(user=alice, email=alice.email)
    Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={"secret": SESSION_KEY})


def _spend(organization: Organization, project: Project, tick: PriceTick, now: Any) -> None:
    wallet, request_id = organization.wallet, ids.uuid7()
    common = {"project": project, "price_tick": tick}
    LedgerEntry.objects.create(
        wallet=wallet, kind="credit", amount_nanousd=0, balance_after_nanousd=0, reference="welcome", reason="welcome"
    )
    Hold.objects.create(id=request_id, wallet=wallet, funding="free", amount_nanousd=0, expires_at=now + timedelta(minutes=1), **common)
    period = BudgetPeriod.objects.create(project=project, period_key="2026-11-22")
    BudgetAlert.objects.create(organization=organization, period=period, percent=80, cap_nanousd=9, spent_nanousd=8, resets_at=now)
    FreeQuotaDay.objects.create(organization=organization, day_key="2026-11-22", used=1)
    Attempt.objects.create(request_id=request_id, number=1, endpoint=tick.endpoint, started_at=now, latency_ms=5, outcome="ok")
    LedgerCheck.objects.create(started_at=now, duration_ms=12, findings=0)
    JobRun.objects.create(name="billing.tasks.sweep_holds", started_at=now, duration_ms=3, has_failed=False, runs=1)
    PlatformLoss.objects.create(request_id=request_id, amount_nanousd=12_345_678)
    top_up = TopUp.objects.create(organization=organization, idempotency_key="k", amount_nanousd=5, provider="demo")
    PaymentEvent.objects.create(provider="demo", event_id="e", type="demo.paid", kind="paid", top_up=top_up, happened_at=now)
    AutoTopUp.objects.create(organization=organization, threshold_nanousd=5, amount_nanousd=5)
    answer = {"model": "llama", "requested_model": "Llama 8B", "provider": "clod", "status": "ok", "paid_by": "free"}
    request = Request.objects.create(id=request_id, organization=organization, **answer, **common)
    said.keep(request)
    SavedView.objects.create(organization=organization, owner=organization.members.get(), name="Errors", query="status=errors")
