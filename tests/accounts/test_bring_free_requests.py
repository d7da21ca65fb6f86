"""Free requests count for one organization per verified user: how it gets them, and how they move."""

import importlib
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps

from accounts import free_quota, onboarding
from accounts.models import FreeQuota, Membership, Organization, Role, User
from billing import allowance
from clod_site.lib import clock
from tests.people import browser, join, organization_of, person

BRING = "Bring my free requests here"


@pytest.fixture(autouse=True)
def noon(time_machine: Any) -> None:
    time_machine.move_to("2026-06-10T12:00:00Z", tick=False)


def left(organization: Organization) -> int:
    return allowance.of(Organization.objects.get(pk=organization.pk), clock.now()).left


def second_of(user: User) -> Organization:
    return onboarding.create_organization("Acme", user)


def enter(user: User, organization: Organization) -> Any:
    visitor = browser(user)
    visitor.post("/organization/choose", {"organization": organization.pk})
    return visitor


def test_a_sign_up_brings_them_once_the_address_is_verified(db: None, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    browser().post("/accounts/signup/", {"email": "dora@example.org", "password1": "lantern-orbit-42"})
    organization = organization_of(User.objects.get())
    assert left(organization) == 0
    EmailAddress.objects.get().set_verified()
    assert left(organization) == 100


def test_where_addresses_are_not_verified_a_sign_up_brings_them_at_once(alice: User, organization: Organization) -> None:
    assert left(organization) == 100
    assert "organization has your 100 free requests a day" in browser(alice).get("/settings").content.decode()


def test_a_second_organization_has_none_and_its_pages_say_what_to_do(alice: User, organization: Organization) -> None:
    acme = second_of(alice)
    assert (left(acme), left(organization)) == (0, 100)
    visitor = enter(alice, acme)
    assert BRING in visitor.get("/settings").content.decode()
    billing = visitor.get("/billing").content.decode()
    assert "Acme has none: every member with a verified address can bring theirs" in billing
    assert "Nobody brings free requests to this organization" in billing


def test_they_move_to_another_organization_after_the_day_has_ended(alice: User, organization: Organization, time_machine: Any) -> None:
    acme = second_of(alice)
    visitor = enter(alice, acme)
    assert "Here they begin on 11 June 00:00 (UTC)" in visitor.get("/settings").content.decode()
    said = visitor.post("/settings/free-requests", follow=True).content.decode()
    assert "Acme has your free requests. They begin on 11 June 2026 at 00:00 UTC." in said
    assert (left(organization), left(acme)) == (0, 0)
    assert "Acme has free requests from" in visitor.get("/billing").content.decode()
    time_machine.move_to("2026-06-11T00:00:00Z", tick=False)
    assert (left(organization), left(acme)) == (0, 100)


def test_they_begin_with_a_whole_day_of_the_new_organization(alice: User, organization: Organization) -> None:
    """Midnight UTC is nine in Tokyo: a day that has begun there might be used after another's."""
    acme = second_of(alice)
    Organization.objects.filter(pk=acme.pk).update(time_zone="Asia/Tokyo")
    assert free_quota.bring(alice, acme.pk, clock.now()).isoformat() == "2026-06-11T15:00:00+00:00"


def test_moving_there_and_back_gives_no_second_day(alice: User, organization: Organization) -> None:
    acme = second_of(alice)
    for target in (acme, organization, acme, organization):
        assert free_quota.bring(alice, target.pk, clock.now()).isoformat() == "2026-06-11T00:00:00+00:00"
        assert (left(organization), left(acme)) == (0, 0)


def test_passing_through_an_organization_whose_day_ends_sooner_brings_nothing_sooner(alice: User, organization: Organization) -> None:
    """Ten hours behind, the day in which they may have been used lasts until ten."""
    Organization.objects.update(time_zone="Pacific/Honolulu")
    for target in (second_of(alice), second_of(alice)):
        assert free_quota.bring(alice, target.pk, clock.now()).isoformat() == "2026-06-12T00:00:00+00:00"


def test_they_begin_at_once_where_the_day_they_were_used_in_has_ended(alice: User, organization: Organization, time_machine: Any) -> None:
    free_quota.leave(alice.pk, organization.pk, clock.now())
    acme = second_of(alice)
    Organization.objects.filter(pk=acme.pk).update(time_zone="Asia/Tokyo")
    time_machine.move_to("2026-06-11T00:00:00Z", tick=False)
    assert free_quota.bring(alice, acme.pk, clock.now()) == clock.now()


def test_a_second_address_moves_nothing(alice: User, organization: Organization) -> None:
    acme = second_of(alice)
    free_quota.bring(alice, acme.pk, clock.now())
    EmailAddress.objects.create(user=alice, email="alice@example.com", verified=True)
    assert FreeQuota.objects.get(user=alice).organization == acme


def test_a_member_who_owns_none_brings_theirs_nowhere_by_themselves(bob: User, organization: Organization) -> None:
    Membership.objects.filter(user__email="alice@example.org").delete()
    EmailAddress.objects.create(user=bob, email=bob.email, verified=True)
    assert left(organization) == 0


def test_a_member_who_leaves_another_organization_leaves_them_where_they_are(alice: User, organization: Organization) -> None:
    acme = second_of(alice)
    Membership.objects.get(user=alice, organization=acme).delete()
    assert left(organization) == 100


def test_just_before_midnight_the_day_after_counts_too(alice: User, organization: Organization, time_machine: Any) -> None:
    """A call that is being admitted at that instant may still take one of the old organization's next day."""
    time_machine.move_to("2026-06-10T23:59:30Z", tick=False)
    acme = second_of(alice)
    assert free_quota.bring(alice, acme.pk, clock.now()).isoformat() == "2026-06-12T00:00:00+00:00"


def test_an_organization_has_those_of_one_member(bob: User, organization: Organization) -> None:
    onboarding.create_personal_organization(bob)
    page = enter(bob, organization).get("/settings").content.decode()
    assert "alice@example.org brings them" in page
    assert BRING not in page
    said = enter(bob, organization).post("/settings/free-requests", follow=True).content.decode()
    assert "already has the free requests of another member" in said
    assert FreeQuota.objects.get(user=bob).organization != organization


def test_an_unverified_member_is_told_to_verify(bob: User, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    acme = second_of(bob)
    visitor = enter(bob, acme)
    assert "Verify your address" in visitor.get("/settings").content.decode()
    assert "Verify your e-mail address first" in visitor.post("/settings/free-requests", follow=True).content.decode()
    assert left(acme) == 0


def test_charlie_brings_his_nowhere_but_home(charlie: User, organization: Organization) -> None:
    Membership.objects.filter(user__email="alice@example.org").delete()
    with pytest.raises(free_quota.Unavailable):
        free_quota.bring(charlie, organization.pk, clock.now())
    assert left(organization) == 0


def test_a_visitor_is_asked_to_log_in(db: None) -> None:
    assert browser().post("/settings/free-requests")["Location"].startswith("/accounts/login/")


def test_a_member_who_leaves_takes_them_along(alice: User, bob: User, organization: Organization) -> None:
    """Not today's: they may have been used already."""
    Membership.objects.get(user=alice, organization=organization).delete()
    assert left(organization) == 0
    acme = second_of(alice)
    assert left(acme) == 0
    assert free_quota.bring(alice, acme.pk, clock.now()).isoformat() == "2026-06-11T00:00:00+00:00"
    free_quota.bring(bob, organization.pk, clock.now())
    assert left(organization) == 100


def test_a_member_whom_an_operator_replaces_takes_them_along(alice: User, charlie: User, organization: Organization) -> None:
    membership = Membership.objects.get(user=alice)
    membership.role = Role.ADMIN
    membership.save()
    assert left(organization) == 100
    membership.user = charlie
    membership.save()
    assert left(organization) == 0
    assert FreeQuota.objects.get(user=charlie).organization not in {None, organization}


def test_a_second_owner_who_verifies_brings_none_where_there_are_some(alice: User, organization: Organization, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    dora = join(organization, "dora", Role.OWNER)
    EmailAddress.objects.create(user=dora, email=dora.email).set_verified()
    assert not FreeQuota.objects.filter(user=dora).exists()
    assert FreeQuota.objects.get(organization=organization).user == alice


def test_a_user_who_is_deleted_leaves_none_behind(bob: User, alice: User, organization: Organization) -> None:
    alice.delete()
    assert left(organization) == 0


def test_organizations_from_before_keep_theirs(alice: User, organization: Organization, charlie: User) -> None:
    acme = second_of(alice)
    join(acme, "dora", Role.OWNER)
    orphan = Organization.objects.create(name="Nobody's")
    Membership.objects.create(organization=orphan, user=person("eve"), role=Role.VIEWER)
    FreeQuota.objects.all().delete()
    importlib.import_module("accounts.migrations.0005_existing_free_quotas").keep(apps, None)
    brought = {quota.organization: quota.user.email for quota in FreeQuota.objects.all()}
    assert brought == {organization: "alice@example.org", organization_of(charlie): "charlie@example.org", acme: "dora@example.org"}
