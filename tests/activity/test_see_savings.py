"""What was paid against list price, and what the electricity cost against the average data center: computed by hand here."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from accounts.models import Organization
from activity import filters, queries, rollups, savings, usage
from clod_site.lib import clock
from projects.models import Project
from tests.activity.log import call
from tests.people import browser

pytestmark = pytest.mark.django_db


def of_all() -> savings.Savings:
    span = filters.Filter(range="all").span(clock.now(), "UTC")
    organization = Organization.objects.get()
    return savings.of_many(usage.whole(organization.pk, filters.Filter(), span, rollups.mark()))


def test_money_and_electricity_are_two_figures(project: Project) -> None:
    call(
        project,
        cost_nanousd=800_000,
        list_cost_nanousd=1_000_000,
        energy_uwh=3_000,
        electricity_picousd=120,
        electricity_average_picousd=200,
    )
    call(
        project,
        cost_nanousd=1_100_000,
        list_cost_nanousd=1_000_000,
        energy_uwh=2_000,
        electricity_picousd=60,
        electricity_average_picousd=100,
    )
    paid, electricity = of_all().figures
    assert (paid.spent_nanousd, paid.reference_nanousd, paid.share) == (1_900_000, 2_000_000, pytest.approx(0.05))
    assert (electricity.spent, electricity.reference, electricity.share) == (180, 300, pytest.approx(0.4))
    assert of_all().energy_wh == 0.005


def test_free_requests_are_no_savings_on_what_was_paid(project: Project) -> None:
    call(project, paid_by="free", cost_nanousd=0, list_cost_nanousd=1_000_000)
    assert (of_all().figures, of_all().free_nanousd) == ([], 1_000_000)
    call(project, cost_nanousd=900_000, list_cost_nanousd=1_000_000)
    (paid,) = of_all().figures
    assert paid.share == pytest.approx(0.1)


def test_a_third_party_s_request_has_no_electricity(project: Project) -> None:
    call(project, cost_nanousd=1_050, list_cost_nanousd=1_050, electricity_picousd=None)
    (paid,) = of_all().figures
    assert paid.is_level
    assert of_all().energy_uwh == 0


def test_dearer_than_list_is_said(alice: Any, project: Project) -> None:
    call(project, cost_nanousd=1_250_000, list_cost_nanousd=1_000_000)
    page = browser(alice).get("/activity").content.decode()
    assert "▲ 25 % more" in page


def test_without_requests_nothing_is_claimed(alice: Any, project: Project) -> None:
    assert not of_all()
    call(project, status="upstream_error", cost_nanousd=0, list_cost_nanousd=0)
    assert 'id="savings-all"' not in browser(alice).get("/activity").content.decode()


def test_the_page_shows_both_with_their_definitions_for_what_is_filtered(alice: Any, project: Project) -> None:
    call(
        project,
        cost_nanousd=800_000,
        list_cost_nanousd=1_000_000,
        energy_uwh=3_000,
        electricity_picousd=120,
        electricity_average_picousd=200,
    )
    call(project, model="gpt", cost_nanousd=1_000_000, list_cost_nanousd=1_000_000)
    everything = browser(alice).get("/activity").content.decode()
    assert "▼ 10 % less" in everything
    assert "▼ 40 % less" in everything
    assert escape(savings.PAID_DEFINITION) in everything
    assert escape(savings.ELECTRICITY_DEFINITION) in everything
    assert "3 mWh" in everything
    assert "▼ 20 % less" in browser(alice).get("/activity?model=llama").content.decode()


def test_a_request_s_own_page_has_its_own(alice: Any, project: Project) -> None:
    row = call(
        project,
        cost_nanousd=800_000,
        list_cost_nanousd=1_000_000,
        energy_uwh=3_000,
        electricity_picousd=120,
        electricity_average_picousd=200,
    )
    call(project)
    page = browser(alice).get(f"/activity/{queries.as_json(row)['id']}").content.decode()
    assert "▼ 20 % less" in page
    assert "▼ 40 % less" in page


def test_charlie_s_figures_have_nothing_of_alice_s(charlie: Any, project: Project) -> None:
    call(project, cost_nanousd=800_000, list_cost_nanousd=1_000_000)
    assert "% less" not in browser(charlie).get("/activity").content.decode()


def test_programs_get_the_same_numbers(project: Project) -> None:
    told = queries.as_json(call(project, energy_uwh=3_000, electricity_picousd=120, electricity_average_picousd=200))
    assert (told["energy_wh"], told["electricity_usd"], told["electricity_average_usd"]) == (0.003, "0.00000000012", "0.0000000002")
    untold = queries.as_json(call(project))
    assert (untold["energy_wh"], untold["electricity_usd"], untold["electricity_average_usd"]) == (None, None, None)


def test_rollups_say_the_same(project: Project) -> None:
    call(
        project, ago=timedelta(hours=5), list_cost_nanousd=1_000_000, energy_uwh=3, electricity_picousd=120, electricity_average_picousd=200
    )
    call(project, ago=timedelta(hours=4), paid_by="free", cost_nanousd=0, list_cost_nanousd=7)
    from_requests = of_all()
    rollups.advance(clock.now())
    assert of_all() == from_requests


def test_a_visitor_sees_nothing(project: Project) -> None:
    call(project)
    assert Client().get("/activity").status_code == 302
