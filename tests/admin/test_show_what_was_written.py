"""Whatever people and models write is shown as text: on every page, in the admin, in files for spreadsheets."""

import csv
import io
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import DatabaseError, models, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Organization, User
from activity.models import Request
from billing.models import LedgerEntry, TopUp
from catalog.pages import kept
from clod_site.lib import ids
from projects.models import ApiKey, Project
from tests.browser import pages
from tests.people import browser
from webhooks.models import Delivery, Webhook

EVIL = "=1<b id=evil>'\"&{{x}}"
OURS = {"accounts", "activity", "billing", "catalog", "projects", "studio", "team", "webhooks"}
NOT_WRITTEN = {
    "slug",
    "market",
    "node",
    "time_zone",
    "next_time_zone",
    "email",
    "day_key",
    "period_key",
    "session_key",
    "session_sealed",
    "prefix",
    "password",
    "adapter",
    "body",  # of an event: JSON
}


@pytest.fixture
def defaced(furnished: None, alice: User) -> set[type[models.Model]]:
    """Every free text of every row says EVIL; the tables that do not let themselves be changed."""
    unchanged = set()
    for model in apps.get_models():
        fields = [field for field in model._meta.concrete_fields if model._meta.app_label in OURS and _is_free(field)]
        for row in model._default_manager.all():
            try:
                with transaction.atomic():
                    model._default_manager.filter(pk=row.pk).update(**{field.attname: _evil(field, row.pk) for field in fields})
            except DatabaseError:
                unchanged.add(model)
    kept.forget()
    return unchanged


def _is_free(field: Any) -> bool:
    is_text = isinstance(field, models.CharField | models.TextField) and not isinstance(field, models.EmailField | models.URLField)
    is_long = field.max_length is None or field.max_length > len(EVIL)
    return is_text and is_long and not field.choices and not field.primary_key and field.name not in NOT_WRITTEN


def _evil(field: Any, pk: Any) -> str:
    return f"{EVIL}{pk}"[: field.max_length] if field.unique else EVIL


def test_only_the_ledger_keeps_what_was_written_first(defaced: set[type[models.Model]]) -> None:
    assert {model.__name__ for model in defaced} <= {"LedgerEntry", "AuditEvent"}
    assert Project.objects.get().name == Organization.objects.get().name == ApiKey.objects.get().name == EVIL


def test_the_admin_shows_it_as_text(office: Client, defaced: Any) -> None:
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        _is_text(office, reverse(f"{name}_changelist"))
        for row in model._default_manager.all()[:1]:
            _is_text(office, reverse(f"{name}_change", args=(row.pk,)))


def test_the_site_shows_it_as_text(alice: User, defaced: Any, bob: User) -> None:
    words = {
        "project": ids.public("proj", Project.objects.get().pk),
        "key": ids.public("key", ApiKey.objects.get().pk),
        "request": ids.public("req", Request.objects.get().pk),
        "top_up": TopUp.objects.get().public_id,
        "member": ids.public("mem", bob.memberships.get().pk),
        "webhook": Webhook.objects.get().public_id,
        "delivery": Delivery.objects.earliest("pk").public_id,
    }
    visit, told = browser(alice), 0
    addresses = {**pages.VISITORS, **pages.MEMBERS, "llama": "/models/llama", "llama-compared": "/models/compare?m=llama&m=gpt-4o"}
    for address in addresses.values():
        told += _is_text(visit, address.format(**words))
    for address in ("/activity?q=%3D1%3Cb+id%3Devil%3E", "/models?q=%3Cb+id%3Devil%3E", "/models/compare?m=%3Cb+id%3Devil%3E"):
        told += _is_text(visit, address)
    assert told > 20


@pytest.mark.parametrize("address", ["/activity.csv?range=all", "/billing/statement.csv", "/team/audit.csv"])
def test_a_spreadsheet_computes_none_of_it(alice: User, defaced: Any, address: str) -> None:
    LedgerEntry.objects.create(
        wallet=LedgerEntry.objects.get().wallet, kind="credit", amount_nanousd=0, balance_after_nanousd=0, reference=EVIL, reason=EVIL
    )
    answer = browser(alice).get(address)
    text = "".join(piece.decode() for piece in answer) if answer.streaming else answer.content.decode()
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert any(EVIL in cell for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))]


def _is_text(visit: Client, address: str) -> bool:
    """Whether it is told at all; the page would have an element of that name if it were not told as text."""
    answer = visit.get(address)
    assert answer.status_code in {200, 302, 404}, address
    page = answer.content.decode()
    assert "<b id=evil>" not in page, address
    assert "'\"&{{x}}" not in page, address
    return "evil&gt;" in page
