"""Every admin page opens for an operator and for nobody else, and none of them shows a digest."""

import base64
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
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
    Wallet,
)
from catalog.models import CatalogVersion, DeliveredPrice, EnergyHour, EnergyPrice, PriceJob, PriceTick
from clod_site.admin_pages import Record
from clod_site.lib import ids
from office.models import JobRun
from studio.models import StudioPreset, StudioToken
from team.models import AuditEvent, Invitation, MailChoices
from tests.admin.conftest import DIGEST, SESSION_KEY
from tests.people import browser
from webhooks.models import Delivery, Event, Webhook

PAGES = pytest.mark.parametrize("model", sorted(admin.site._registry, key=str), ids=lambda model: model.__name__)
RECORDS = {
    LedgerEntry,
    Wallet,
    Hold,
    BudgetAlert,
    BudgetPeriod,
    FreeQuotaDay,
    Attempt,
    PlatformLoss,
    TopUp,
    PaymentEvent,
    AutoTopUp,
    Request,
    SavedView,
    StudioToken,
    StudioPreset,
}
SECRETS = (DIGEST.hex(), base64.b64encode(DIGEST).decode(), r"\x01\x02\x03", SESSION_KEY)
RECORDS |= {
    LedgerCheck,
    JobRun,
    Webhook,
    Event,
    Delivery,
    AuditEvent,
    Invitation,
    MailChoices,
    PriceTick,
    DeliveredPrice,
    EnergyPrice,
    EnergyHour,
    PriceJob,
    CatalogVersion,
}


def address(model: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@PAGES
def test_an_operator_opens_searches_reads_and_adds(office: Client, furnished: None, model: Any) -> None:
    """One page after the other; none of them shows a digest or a session."""
    pages = [office.get(address(model, "changelist")), office.get(address(model, "changelist"), {"q": "llama"})]
    pages += [office.get(address(model, "change", row.pk)) for row in model.objects.all()[:1]]
    text = "".join(page.content.decode() for page in pages)
    assert {page.status_code for page in pages} == {200}
    assert not [secret for secret in SECRETS if secret in text]
    is_record = isinstance(admin.site._registry[model], Record)
    assert office.get(address(model, "add")).status_code == (403 if is_record else 200)


def test_the_admin_has_something_to_show_in_every_table(furnished: None) -> None:
    assert not [model for model in admin.site._registry if model is not CatalogVersion and not model._default_manager.exists()]


@pytest.mark.parametrize(
    ("model", "amount"), [(EnergyPrice, "$31.00"), (DeliveredPrice, "$31.00"), (PriceTick, "$0.0375"), (PlatformLoss, "$0.01")]
)
def test_lists_show_dollars(office: Client, furnished: None, model: Any, amount: str) -> None:
    assert amount in office.get(address(model, "changelist")).content.decode()


def test_the_page_of_an_amount_shows_every_digit(office: Client, furnished: None) -> None:
    assert "$0.012345678" in office.get(address(PlatformLoss, "change", PlatformLoss.objects.get().pk)).content.decode()


def test_a_customer_is_sent_away(alice: User) -> None:
    customer = browser(alice)
    for model in admin.site._registry:
        assert customer.get(address(model, "changelist"))["Location"].startswith("/admin/login/")
    assert customer.get("/admin/", follow=True).status_code == 403


def test_a_visitor_logs_in_where_everybody_does(db: None) -> None:
    answer = Client().get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith(f"{reverse('account_login')}?next=")


def test_the_tables_only_programs_write_are_only_shown() -> None:
    assert not [model for model in RECORDS if not isinstance(admin.site._registry[model], Record)]


@pytest.mark.parametrize("model", sorted(RECORDS, key=str), ids=lambda model: model.__name__)
def test_a_record_cannot_be_changed_or_deleted(office: Client, furnished: None, model: Any) -> None:
    row = model.objects.all()[:1]
    for before in row:
        values = {field.attname: getattr(before, field.attname) for field in model._meta.concrete_fields}
        assert office.post(address(model, "change", before.pk), {"amount_nanousd": "5", "_save": "Save"}).status_code == 403
        assert office.post(address(model, "delete", before.pk), {"post": "yes"}).status_code == 403
        office.post(address(model, "changelist"), {"action": "delete_selected", "_selected_action": before.pk, "post": "yes"})
        before.refresh_from_db()
        assert {field.attname: getattr(before, field.attname) for field in model._meta.concrete_fields} == values


@pytest.mark.parametrize("model", [Request, LedgerEntry], ids=["requests", "ledger entries"])
def test_a_longer_list_takes_no_more_queries(office: Client, furnished: None, model: Any) -> None:
    office.get(address(model, "changelist"))  # a session's first page notes its device
    with CaptureQueriesContext(
        connection,
    ) as short:
        office.get(address(model, "changelist"))
    row = model.objects.get()
    for number in range(5):
        row.pk = ids.uuid7()
        row._state.adding = True
        row.reference = f"copy {number}"
        row.save()
    with CaptureQueriesContext(connection) as long:
        office.get(address(model, "changelist"))
    assert len(long) == len(short)


def test_the_address_without_a_slash_leads_to_the_admin(db: None) -> None:
    assert Client().get("/admin")["Location"] == "/admin/"


def test_the_menu_names_every_table_once(office: Client) -> None:
    groups = office.get("/admin/").context["sidebar_navigation"]
    links = [item["link"] for group in groups for item in group["items"]]
    assert sorted(links) == sorted(address(model, "changelist") for model in admin.site._registry)
    assert "Other" not in {group["title"] for group in groups}


def test_only_the_admin_s_policy_lets_pages_evaluate_scripts(office: Client) -> None:
    assert "'unsafe-eval'" in office.get("/admin/")["Content-Security-Policy"]
    assert "unsafe-eval" not in office.get(reverse("account_login"))["Content-Security-Policy"]
