"""Two members change one thing at the same moment: the second one decides on what the first one has left."""

from datetime import timedelta
from typing import Any

import pytest

from accounts import free_quota, onboarding, zones
from accounts.models import FreeQuota, Organization, Role, User
from clod_site.lib import clock
from tests.meanwhile import uncommitted
from tests.people import join

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture(autouse=True)
def noon(time_machine: Any) -> None:
    time_machine.move_to("2026-06-10T12:00:00Z", tick=False)


def second_of(user: User) -> Organization:
    return onboarding.create_organization("Acme", user)


def test_free_requests_that_are_nowhere_are_not_brought_to_two_organizations_at_once(
    alice: User, organization: Organization, time_machine: Any
) -> None:
    first, second = second_of(alice), second_of(alice)
    free_quota.leave(alice.pk, organization.pk, clock.now())
    time_machine.move_to("2026-06-11T12:00:00Z", tick=False)
    now = clock.now()
    with uncommitted(lambda: free_quota.bring(alice, first.pk, now)):
        assert free_quota.bring(alice, second.pk, now) == now + timedelta(hours=12)


def test_two_members_who_bring_theirs_at_once_bring_those_of_one(alice: User, organization: Organization) -> None:
    free_quota.leave(alice.pk, organization.pk, clock.now())
    dora, emil = (join(organization, name, Role.DEVELOPER) for name in ("dora", "emil"))
    with uncommitted(lambda: free_quota.bring(dora, organization.pk, clock.now())), pytest.raises(free_quota.Unavailable):
        free_quota.bring(emil, organization.pk, clock.now())
    assert FreeQuota.objects.get(organization=organization).user == dora


def test_who_takes_them_away_and_is_removed_at_once_has_them_where_they_went(alice: User, organization: Organization) -> None:
    acme = second_of(alice)
    with uncommitted(lambda: free_quota.bring(alice, acme.pk, clock.now())):
        free_quota.leave(alice.pk, organization.pk, clock.now())
    assert FreeQuota.objects.get(user=alice).organization == acme


def test_of_two_zones_asked_for_at_once_the_first_one_counts(organization: Organization) -> None:
    with uncommitted(lambda: zones.change(organization.pk, "Asia/Tokyo", clock.now())), pytest.raises(zones.TooSoon):
        zones.change(organization.pk, "America/Toronto", clock.now())
    organization.refresh_from_db()
    assert organization.next_time_zone == "Asia/Tokyo"


def test_a_change_that_is_just_being_asked_for_can_be_cancelled(organization: Organization) -> None:
    with uncommitted(lambda: zones.change(organization.pk, "Asia/Tokyo", clock.now())):
        assert zones.cancel(organization.pk, clock.now())
    organization.refresh_from_db()
    assert organization.next_time_zone == ""
