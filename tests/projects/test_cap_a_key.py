"""Caps of an API key on the dashboard: set when it is generated or later, and read in the list."""

import pytest

from accounts.models import User
from billing.models import BudgetPeriod
from clod_site.lib import clock
from clod_site.lib.money import usd
from projects import keys
from projects.models import ApiKey, Project
from tests.people import browser
from tests.projects import pages


@pytest.fixture
def api_key(alice: User, project: Project) -> ApiKey:
    return keys.generate(project, name="dev-key", actor=alice)[0]


def caps(api_key: ApiKey) -> tuple[int | None, int | None]:
    api_key.refresh_from_db()
    return api_key.daily_cap_nanousd, api_key.monthly_cap_nanousd


def test_a_key_is_generated_with_caps(bob: User, project: Project) -> None:
    form = {"name": "capped", "project": str(project.pk), "expires": "", "daily_cap_nanousd": "2.50", "monthly_cap_nanousd": ""}
    browser(bob).post("/keys/new", form)
    assert caps(ApiKey.objects.get(name="capped")) == (usd("2.50"), None)


def test_a_wrong_cap_opens_the_caps_and_says_what_is_wrong(bob: User, project: Project) -> None:
    answer = browser(bob).post("/keys/new", {"name": "capped", "project": str(project.pk), "monthly_cap_nanousd": "lots"})
    assert answer.status_code == 422
    assert '<details class="more" open>' in answer.content.decode()
    assert "is not an amount in dollars" in answer.content.decode()


def test_an_admin_changes_caps_and_an_empty_field_takes_one_away(admin: User, api_key: ApiKey) -> None:
    page = pages.of_key(api_key)
    assert browser(admin).post(page, {"daily_cap_nanousd": "1", "monthly_cap_nanousd": "20"})["Location"] == page
    assert caps(api_key) == (usd("1"), usd("20"))
    assert 'value="20"' in browser(admin).get(page).content.decode()
    browser(admin).post(page, {"daily_cap_nanousd": "", "monthly_cap_nanousd": "20"})
    assert caps(api_key) == (None, usd("20"))
    assert browser(admin).post(page, {"daily_cap_nanousd": "-1"}).status_code == 422
    assert caps(api_key) == (None, usd("20"))


def test_a_developer_lifts_no_cap_that_an_admin_has_set(bob: User, api_key: ApiKey) -> None:
    ApiKey.objects.update(daily_cap_nanousd=usd("1"))
    assert "Save caps" not in browser(bob).get(pages.of_key(api_key)).content.decode()
    assert browser(bob).post(pages.of_key(api_key), {"daily_cap_nanousd": ""}).status_code == 403
    assert caps(api_key) == (usd("1"), None)


def test_a_viewer_reads_the_page_and_changes_nothing(viewer: User, api_key: ApiKey) -> None:
    page = browser(viewer).get(pages.of_key(api_key)).content.decode()
    assert "Owners and admins" in page
    assert "Save caps" not in page
    assert browser(viewer).post(pages.of_key(api_key), {"daily_cap_nanousd": "1"}).status_code == 403
    assert caps(api_key) == (None, None)


def test_charlie_finds_no_such_key(charlie: User, api_key: ApiKey) -> None:
    assert browser(charlie).get(pages.of_key(api_key)).status_code == 404
    assert browser(charlie).post(pages.of_key(api_key), {"daily_cap_nanousd": "1"}).status_code == 404
    assert caps(api_key) == (None, None)


def test_the_list_and_the_page_say_what_is_spent_what_is_left_and_when_it_resets(
    alice: User, api_key: ApiKey, time_machine: object
) -> None:
    time_machine.move_to("2026-11-22T12:00:00Z", tick=False)  # type: ignore[attr-defined]
    ApiKey.objects.update(daily_cap_nanousd=usd("2"))
    BudgetPeriod.objects.create(api_key=api_key, period_key=clock.day_key("UTC", clock.now()), spent_nanousd=usd("0.50"))
    listed = browser(alice).get("/keys").content.decode()
    assert "$0.50 of $2.00 (25 %)" in listed
    assert "$1.50 left, resets 23 Nov<" in listed
    BudgetPeriod.objects.update(spent_nanousd=usd("2"))
    assert (
        "The cap is reached: requests are refused until 23 Nov, 00:00 (UTC)" in browser(alice).get(pages.of_key(api_key)).content.decode()
    )


def test_what_is_spent_reads_unlike_the_cap_and_apart_from_what_is_held(alice: User, api_key: ApiKey) -> None:
    ApiKey.objects.update(daily_cap_nanousd=usd("0.02"))
    BudgetPeriod.objects.create(api_key=api_key, period_key=clock.day_key("UTC", clock.now()), spent_nanousd=usd("0.0166383"))
    for page in ("/keys", pages.of_key(api_key)):
        assert "$0.017 of $0.02 (83 %)" in browser(alice).get(page).content.decode()
    BudgetPeriod.objects.update(held_nanousd=usd("0.002"))
    for page in ("/keys", pages.of_key(api_key)):
        assert "$0.017 spent and $0.002 held of $0.02 (93 %)" in browser(alice).get(page).content.decode()
