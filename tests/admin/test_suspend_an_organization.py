"""Suspending: with a reason, by operators, told to the members, heard by the gateway's grants, and undone."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from accounts.models import Organization, User
from projects import grants, keys
from projects.models import Project
from team.models import AuditEvent
from tests.admin.staff import member
from tests.people import browser

REASON = "Three cards were disputed. Write to billing@clod.io to settle them."


@pytest.fixture
def operator(db: None) -> User:
    return member("Operator", "olga")


def address(organization: Organization, deed: str) -> str:
    return reverse(f"admin:accounts_organization_{deed}", args=[organization.pk])


def suspend(office: Client, organization: Organization, reason: str = REASON) -> Organization:
    office.post(address(organization, "suspend"), {"reason": reason})
    organization.refresh_from_db()
    return organization


def test_its_keys_open_nothing_any_more_until_it_is_lifted(
    office: Client, organization: Organization, project: Project, alice: User
) -> None:
    key, _ = keys.generate(project, name="ci", actor=alice)
    suspend(office, organization)
    assert (organization.suspended_at is not None, organization.suspended_reason) == (True, REASON)
    assert grants.of_key(key.public_id) is None
    office.post(address(organization, "reopen"))
    organization.refresh_from_db()
    assert (organization.suspended_at, organization.suspended_reason) == (None, "")
    assert grants.of_key(key.public_id) is not None


def test_a_reason_is_needed(office: Client, organization: Organization) -> None:
    page = office.post(address(organization, "suspend"), {"reason": " "})
    assert "Say why" in page.content.decode()
    organization.refresh_from_db()
    assert organization.suspended_at is None


def test_looking_at_the_page_suspends_nobody(office: Client, organization: Organization) -> None:
    assert "start no more calls" in office.get(address(organization, "suspend")).content.decode()
    organization.refresh_from_db()
    assert organization.suspended_at is None


def test_who_did_it_and_why_is_kept_twice(office: Client, operator: User, organization: Organization) -> None:
    suspend(office, organization)
    office.post(address(organization, "reopen"))
    events = AuditEvent.objects.filter(organization=organization, deed__startswith="settings.").order_by("id")
    assert [(event.deed, event.actor_email, event.details["reason"]) for event in events] == [
        ("settings.suspend", operator.email, ["none", REASON]),
        ("settings.reopen", operator.email, [REASON, "none"]),
    ]
    notes = LogEntry.objects.filter(user=operator).order_by("id").values_list("change_message", flat=True)
    assert list(notes) == [f"Suspended: {REASON}", "Suspension lifted."]


def test_suspending_twice_keeps_the_first_reason(office: Client, organization: Organization) -> None:
    suspend(office, organization)
    assert suspend(office, organization, "Another").suspended_reason == REASON
    assert AuditEvent.objects.filter(deed="settings.suspend").count() == 1


def test_members_read_why_on_every_page_and_in_the_audit_log(office: Client, organization: Organization, alice: User) -> None:
    suspend(office, organization)
    for page in ("/projects", "/billing", "/models", "/team/audit"):
        text = browser(alice).get(page).content.decode()
        assert f"{organization.name.replace(chr(39), '&#x27;')} is suspended" in text, page
        assert REASON in text, page
    refused = browser(alice).post("/billing/top-ups/order", {"amount": "5", "idempotency_key": "k"})
    assert REASON in refused.content.decode()


def test_others_read_nothing_of_it(office: Client, organization: Organization, charlie: User) -> None:
    suspend(office, organization)
    assert "suspended" not in browser(charlie).get("/projects").content.decode()


def test_the_page_offers_the_one_of_both_that_changes_something(office: Client, organization: Organization) -> None:
    page = reverse("admin:accounts_organization_change", args=[organization.pk])
    assert (address(organization, "suspend") in office.get(page).content.decode()) is True
    suspend(office, organization)
    text = office.get(page).content.decode()
    assert address(organization, "suspend") not in text
    assert address(organization, "reopen") in text
    assert REASON in text


def test_an_organization_that_is_not_there_is_a_404(office: Client, project: Project) -> None:
    for unknown in (project.pk, "nonsense"):
        assert office.get(reverse("admin:accounts_organization_suspend", args=[unknown])).status_code == 404
