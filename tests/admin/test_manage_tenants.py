"""What operators do for tenants: open an organization, suspend it, revoke its keys, add a user."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Organization, Role, User
from billing.models import LedgerEntry
from catalog.models import Endpoint
from clod_site.lib import clock, ids, money
from projects import grants, keys
from projects.models import ApiKey, Project
from tests.projects import ceremony

NEW_ORGANIZATION = reverse("admin:accounts_organization_add")
NO_ROWS = {f"{rows}-{count}_FORMS": 0 for rows in ("api_keys", "recipients") for count in ("TOTAL", "INITIAL")}


def members(*roles: tuple[User, Role]) -> dict[str, Any]:
    form: dict[str, Any] = {"memberships-TOTAL_FORMS": len(roles), "memberships-INITIAL_FORMS": 0}
    for number, (user, role) in enumerate(roles):
        form |= {f"memberships-{number}-user": user.pk, f"memberships-{number}-role": role}
    return form


def test_a_new_organization_starts_with_a_wallet_and_a_default_project(office: Client, alice: User) -> None:
    office.post(NEW_ORGANIZATION, {"name": "Acme", "time_zone": "UTC", **members((alice, Role.OWNER))})
    acme = Organization.objects.get(name="Acme")
    assert acme.wallet.balance_nanousd == 0
    assert acme.projects.get().is_default


def test_an_organization_may_have_rates_of_its_own(office: Client, alice: User) -> None:
    form = {"name": "Acme", "time_zone": "UTC", "requests_per_minute": "50", "tokens_per_minute": "", **members((alice, Role.OWNER))}
    office.post(NEW_ORGANIZATION, form)
    api_key, _ = keys.generate(Project.objects.get(organization__name="Acme"), name="ci", actor=alice)
    grant = grants.of_key(api_key.public_id)
    assert grant is not None
    assert grant.organization_rates == (50, 30_000_000)


def test_an_organization_needs_an_owner(office: Client, alice: User) -> None:
    page = office.post(NEW_ORGANIZATION, {"name": "Acme", "time_zone": "UTC", **members((alice, Role.VIEWER))})
    assert "An organization needs an owner" in page.content.decode()
    assert not Organization.objects.filter(name="Acme").exists()


def test_an_organization_s_page_shows_its_wallet_members_and_projects(office: Client, organization: Organization) -> None:
    Project.objects.create(organization=organization, name="Billing bot", daily_cap_nanousd=money.usd("20"))
    text = office.get(reverse("admin:accounts_organization_change", args=[organization.pk])).content.decode()
    assert "Billing bot" in text
    assert "$20.00" in text
    assert "alice@example.org" in text


def test_revoking_a_key_keeps_who_did_it(office: Client, operator: User, project: Project, alice: User) -> None:
    api_key, _ = keys.generate(project, name="leaked", actor=alice)
    office.post(reverse("admin:projects_apikey_changelist"), {"action": "revoke", "_selected_action": api_key.pk})
    api_key = ApiKey.objects.get(pk=api_key.pk)
    assert api_key.revoked_at
    assert api_key.revoked_by == operator
    assert LogEntry.objects.get(user=operator).change_message == "Revoked."


def test_an_operator_sees_who_can_read_a_project_s_bodies_and_switches_nothing(office: Client, project: Project) -> None:
    ceremony.recipient_of(project, "Alice's laptop", proven_at=clock.now())
    address = reverse("admin:projects_project_change", args=[project.pk])
    assert "Alice&#x27;s laptop" in office.get(address).content.decode()
    form = {"organization": project.organization_id, "name": "Renamed", "is_default": "on", "body_logging": "plain", "body_days": "365"}
    assert office.post(address, form | NO_ROWS).status_code == 302
    project.refresh_from_db()
    assert (project.name, project.body_logging, project.body_days) == ("Renamed", "off", 30)


def test_caps_are_typed_in_dollars(office: Client, project: Project) -> None:
    form = {"organization": project.organization_id, "name": "Default", "is_default": "on", "daily_cap_nanousd": "20.50"}
    form |= NO_ROWS
    address = reverse("admin:projects_project_change", args=[project.pk])
    office.post(address, form)
    project.refresh_from_db()
    assert (project.daily_cap_nanousd, project.monthly_cap_nanousd) == (money.usd("20.50"), None)
    assert 'value="20.5"' in office.get(address).content.decode()


@pytest.mark.parametrize("amount", ["-1", "much", "1e3", "1_000", "\u0665", "+5", "5.", "0x10", "0.0000000001", "NaN", "99999999999"])
def test_a_cap_that_is_no_amount_is_refused(office: Client, project: Project, amount: str) -> None:
    form = {"organization": project.organization_id, "name": "Default", "daily_cap_nanousd": amount}
    form |= NO_ROWS
    page = office.post(reverse("admin:projects_project_change", args=[project.pk]), form)
    assert page.status_code == 200
    project.refresh_from_db()
    assert project.daily_cap_nanousd is None


def test_a_new_user_gets_a_personal_organization_and_can_log_in(office: Client, settings: Any) -> None:
    password = "a long enough passphrase"
    form = {"email": "dora@example.org", "name": "Dora", "usable_password": "true", "password1": password, "password2": password}
    answer = office.post(reverse("admin:accounts_user_add"), form)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    dora = User.objects.get(email="dora@example.org")
    assert dora.check_password(password)
    assert Membership.objects.get(user=dora).role == Role.OWNER


def test_the_books_stay_so_an_organization_is_not_deleted_and_the_page_says_what_to_do(office: Client, organization: Organization) -> None:
    page = office.get(reverse("admin:accounts_organization_delete", args=[organization.pk])).content.decode()
    assert "kept for ever, so an organization that has some is not deleted: suspend it instead." in page
    assert "doesn't have permission" not in page.replace("&#x27;", "'")
    assert "doesn’t have permission" not in page
    office.post(reverse("admin:accounts_organization_delete", args=[organization.pk]), {"post": "yes"})
    assert Organization.objects.filter(pk=organization.pk).exists()


def test_ledger_entries_name_whose_wallet_it_is(office: Client, organization: Organization) -> None:
    entry = LedgerEntry.objects.create(
        wallet=organization.wallet, kind="credit", amount_nanousd=0, balance_after_nanousd=0, reference="r", reason="welcome"
    )
    for page in ("changelist", "change"):
        args = [entry.pk] if page == "change" else []
        text = office.get(reverse(f"admin:billing_ledgerentry_{page}", args=args)).content.decode().replace("&#x27;", "'")
        assert f"wallet of {organization.name} ({ids.public('org', organization.pk)})" in text


def test_an_endpoint_whose_address_is_refused_does_not_say_that_it_is_in_service(office: Client, endpoint: Endpoint, settings: Any) -> None:
    settings.PRODUCTION = True
    Endpoint.objects.update(base_url="http://169.254.169.254/v1")
    text = office.get(reverse("admin:catalog_endpoint_changelist")).content.decode()
    assert "its address is refused: Use https://." in text
    assert "in service" not in text.partition("its address is refused")[2][:200]
