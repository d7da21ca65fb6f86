"""The admin takes no organization's last owner away: its money would stay, its keys go on spending, and nobody could manage it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Organization, Role, User
from clod_site.lib import clock
from tests.people import join

USERS = reverse("admin:accounts_user_changelist")
MEMBERSHIPS = reverse("admin:accounts_membership_changelist")
SAID = "would have no owner: give another member that role, or suspend it first."


def change(row: Any, page: str = "change") -> str:
    return reverse(f"admin:accounts_{row._meta.model_name}_{page}", args=[row.pk])


def form_of(user: User, membership: Membership, **changes: Any) -> dict[str, Any]:
    form = {"email": user.email, "name": user.name, "memberships-TOTAL_FORMS": 1, "memberships-INITIAL_FORMS": 1}
    form |= {"memberships-0-id": membership.pk, "memberships-0-user": user.pk, "memberships-0-organization": membership.organization_id}
    form |= {"memberships-0-role": membership.role, "is_active": "on"} | changes
    return {name: value for name, value in form.items() if value is not None}


@pytest.fixture
def owner(organization: Organization, alice: User) -> Membership:
    return Membership.objects.get(organization=organization, user=alice, role=Role.OWNER)


def test_the_only_owner_s_deletion_offers_no_button_and_says_why(office: Client, owner: Membership) -> None:
    page = office.get(change(owner.user, "delete")).content.decode()
    assert f"{owner.organization.name} {SAID}" in page.replace("&#x27;", "'")
    office.post(change(owner.user, "delete"), {"post": "yes"})
    office.post(change(owner, "delete"), {"post": "yes"})
    for listed, row in ((USERS, owner.user), (MEMBERSHIPS, owner)):
        office.post(listed, {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"})
    assert Membership.objects.filter(pk=owner.pk, user__is_active=True).exists()


@pytest.mark.parametrize("changes", [{"is_active": None}, {"memberships-0-role": Role.VIEWER}, {"memberships-0-DELETE": "on"}])
def test_nor_is_the_only_owner_switched_off_or_made_something_else(office: Client, owner: Membership, changes: dict[str, Any]) -> None:
    answer = office.post(change(owner.user), form_of(owner.user, owner, **changes), follow=True)
    assert f"Nothing was saved. {owner.organization.name} {SAID}" in answer.content.decode().replace("&#x27;", "'")
    owner.refresh_from_db()
    assert (owner.role, owner.user.is_active) == (Role.OWNER, True)


def test_other_changes_of_the_only_owner_are_saved(office: Client, owner: Membership) -> None:
    assert office.post(change(owner.user), form_of(owner.user, owner, name="Alice B.")).status_code == 302
    assert User.objects.get(pk=owner.user_id).name == "Alice B."


def test_with_another_owner_or_a_suspension_an_account_is_switched_off(office: Client, owner: Membership) -> None:
    join(owner.organization, "olaf", Role.OWNER)
    office.post(change(owner.user), form_of(owner.user, owner, is_active=None))
    assert not User.objects.get(pk=owner.user_id).is_active
    last = Membership.objects.get(organization=owner.organization, user__email__startswith="olaf")
    Organization.objects.filter(pk=owner.organization_id).update(suspended_at=clock.now())
    office.post(change(last, "delete"), {"post": "yes"})
    assert not Membership.objects.filter(pk=last.pk).exists()
