"""An organization moves to another time zone: at the later of both midnights, and not twice in 24 hours."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import zones
from accounts.models import Organization, User
from clod_site.lib import clock
from tests.people import browser

TO_TORONTO = {"organization-name": "Northwind", "organization-time_zone": "America/Toronto", "organization-pays_after_free_quota": "on"}
TO_TOKYO = TO_TORONTO | {"organization-time_zone": "Asia/Tokyo"}


@pytest.fixture(autouse=True)
def noon(time_machine: Any) -> None:
    time_machine.move_to("2026-06-10T12:00:00Z", tick=False)


def read(organization: Organization) -> Organization:
    return Organization.objects.get(pk=organization.pk)


def text_of(visitor: Client, address: str = "/settings") -> str:
    return visitor.get(address).content.decode()


def test_a_change_is_shown_and_nothing_changes_until_both_midnights_have_passed(
    alice: User, organization: Organization, time_machine: Any
) -> None:
    said = browser(alice).post("/settings/organization", TO_TORONTO, follow=True).content.decode()
    assert "The time zone changes on 11 June 2026 at 04:00 UTC" in said
    assert "until 11 June 2026 04:00 (UTC), which is 11 June 2026 00:00 (America/Toronto), then" in said
    assert read(organization).zone_now == "UTC"
    time_machine.move_to("2026-06-11T03:59:59Z", tick=False)
    assert read(organization).calendar.day_key(clock.now()) == "2026-06-10"
    time_machine.move_to("2026-06-11T04:00:00Z", tick=False)
    assert (read(organization).zone_now, read(organization).calendar.day_key(clock.now())) == ("America/Toronto", "2026-06-11")


def test_pages_name_the_zone_in_force(alice: User, organization: Organization, time_machine: Any) -> None:
    zones.change(organization.pk, "America/Toronto", clock.now())
    assert "New ones at 04:00 (UTC)" in text_of(browser(alice), "/billing")
    time_machine.move_to("2026-06-11T05:00:00Z", tick=False)
    assert "New ones at 00:00 (America/Toronto)" in text_of(browser(alice), "/billing")


def test_a_second_change_waits_and_the_page_says_until_when(alice: User, organization: Organization, time_machine: Any) -> None:
    visitor = browser(alice)
    visitor.post("/settings/organization", TO_TORONTO)
    refused = visitor.post("/settings/organization", TO_TOKYO)
    assert refused.status_code == 422
    assert "A change to America/Toronto is on its way" in refused.content.decode()
    time_machine.move_to("2026-06-12T03:59:00Z", tick=False)
    visitor = browser(alice)
    refused = visitor.post("/settings/organization", TO_TOKYO)
    assert "It can be changed again from 12 June 2026 04:00 UTC" in refused.content.decode()
    assert read(organization).next_time_zone == "America/Toronto"
    time_machine.move_to("2026-06-12T04:00:00Z", tick=False)
    assert visitor.post("/settings/organization", TO_TOKYO).status_code == 302
    assert (read(organization).zone_now, read(organization).next_time_zone) == ("America/Toronto", "Asia/Tokyo")


def test_a_refused_change_saves_nothing_else_either(alice: User, organization: Organization) -> None:
    browser(alice).post("/settings/organization", TO_TORONTO)
    browser(alice).post("/settings/organization", TO_TOKYO | {"organization-name": "Southwind"})
    assert read(organization).name == "Northwind"


def test_while_the_field_is_shut_the_rest_can_be_saved(alice: User, organization: Organization) -> None:
    """A browser sends nothing for a field that is switched off."""
    browser(alice).post("/settings/organization", TO_TORONTO)
    assert browser(alice).post("/settings/organization", {"organization-name": "Southwind"}).status_code == 302
    assert (read(organization).name, read(organization).next_time_zone) == ("Southwind", "America/Toronto")


def test_a_change_on_its_way_is_cancelled_and_another_asked_for(alice: User, organization: Organization) -> None:
    visitor = browser(alice)
    visitor.post("/settings/organization", TO_TORONTO)
    assert "The time zone stays as it is" in visitor.post("/settings/time-zone/keep", follow=True).content.decode()
    assert (read(organization).next_time_zone, read(organization).time_zone_changes_at) == ("", None)
    assert visitor.post("/settings/organization", TO_TOKYO).status_code == 302


def test_a_change_that_took_effect_is_not_undone(alice: User, organization: Organization, time_machine: Any) -> None:
    zones.change(organization.pk, "America/Toronto", clock.now())
    time_machine.move_to("2026-06-11T04:00:00Z", tick=False)
    said = browser(alice).post("/settings/time-zone/keep", follow=True).content.decode()
    assert "There is no change of the time zone to cancel" in said
    assert read(organization).zone_now == "America/Toronto"


def test_bob_sees_the_change_and_cannot_cancel_it(alice: User, bob: User, organization: Organization) -> None:
    browser(alice).post("/settings/organization", TO_TORONTO)
    page = text_of(browser(bob))
    assert "then those of America/Toronto" in page
    assert "Cancel, keep UTC" not in page
    assert browser(bob).post("/settings/time-zone/keep").status_code == 403
    assert read(organization).next_time_zone == "America/Toronto"


def test_charlie_cancels_nothing_of_alice_s(charlie: User, organization: Organization) -> None:
    zones.change(organization.pk, "America/Toronto", clock.now())
    browser(charlie).post("/settings/time-zone/keep")
    assert read(organization).next_time_zone == "America/Toronto"


def test_an_operator_reads_the_zone_and_cannot_move_it(organization: Organization) -> None:
    office = browser(User.objects.create_superuser("olga@example.org", None))
    zones.change(organization.pk, "America/Toronto", clock.now())
    page = reverse("admin:accounts_organization_change", args=[organization.pk])
    forms = {f"{name}-{count}_FORMS": 0 for name in ("memberships", "projects") for count in ("TOTAL", "INITIAL")}
    office.post(page, forms | {"name": "Acme", "time_zone": "Asia/Tokyo", "next_time_zone": "Asia/Tokyo"})
    assert (read(organization).time_zone, read(organization).next_time_zone) == ("UTC", "America/Toronto")
    assert "from 11 Jun 04:00 UTC America/Toronto" in text_of(office, reverse("admin:accounts_organization_changelist"))
