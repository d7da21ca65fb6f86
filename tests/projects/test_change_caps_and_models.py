"""Daily and monthly caps, and the models a project may call."""

import pytest

from accounts.models import User
from clod_site.lib.money import usd
from projects.models import Project
from tests.people import browser
from tests.projects import pages
from tests.projects.shelf import model


def _caps(project: Project) -> tuple[int | None, int | None]:
    project.refresh_from_db()
    return project.daily_cap_nanousd, project.monthly_cap_nanousd


@pytest.mark.parametrize(
    ("daily", "monthly", "saved"),
    [
        ("20", "200", (usd("20"), usd("200"))),
        ("$7.50", "", (usd("7.50"), None)),
        ("0", " ", (0, None)),
        ("0.000000001", "1000000", (1, usd("1000000"))),
    ],
)
def test_amounts_are_read_as_people_write_them(alice: User, project: Project, daily: str, monthly: str, saved: object) -> None:
    answer = browser(alice).post(pages.of(project, "budgets"), {"daily_cap_nanousd": daily, "monthly_cap_nanousd": monthly})
    assert answer.status_code == 302
    assert _caps(project) == saved


@pytest.mark.parametrize(
    "daily", ["-1", "many", "1,000", "NaN", "Infinity", "1e999", "1e3", "٣", "1_000", "+5", "1000000.01", "0.0000000001", "9" * 400]
)
def test_what_is_no_amount_is_refused_beside_its_field_and_nothing_is_saved(alice: User, project: Project, daily: str) -> None:
    answer = browser(alice).post(pages.of(project, "budgets"), {"daily_cap_nanousd": daily, "monthly_cap_nanousd": "5"})
    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()
    assert _caps(project) == (None, None)


def test_an_empty_field_takes_a_cap_away(admin: User, project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(daily_cap_nanousd=1)
    browser(admin).post(pages.of(project, "budgets"), {"daily_cap_nanousd": "", "monthly_cap_nanousd": ""})
    assert _caps(project) == (None, None)


def test_the_form_shows_the_caps_in_dollars(alice: User, project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(daily_cap_nanousd=usd("12.5"))
    assert 'value="12.5"' in browser(alice).get(pages.of(project, "budgets")).content.decode()


def test_developers_and_viewers_cannot_change_caps_or_models(bob: User, viewer: User, charlie: User, project: Project) -> None:
    for person, status in ((bob, 403), (viewer, 403), (charlie, 404)):
        assert browser(person).post(pages.of(project, "budgets"), {"daily_cap_nanousd": "1"}).status_code == status
        assert browser(person).post(pages.of(project, "models"), {}).status_code == status
    assert _caps(project) == (None, None)
    assert "Save caps" not in browser(bob).get(pages.of(project, "budgets")).content.decode()


def test_chosen_models_are_the_only_ones_and_none_chosen_means_all(alice: User, project: Project) -> None:
    small, large = model("small"), model("large")
    browser(alice).post(pages.of(project, "models"), {"models": [small.pk]})
    assert list(project.allowed_models.all()) == [small]
    assert "1 chosen" in browser(alice).get(pages.of(project)).content.decode()
    browser(alice).post(pages.of(project, "models"), {"models": [small.pk, large.pk]})
    assert project.allowed_models.count() == 2
    browser(alice).post(pages.of(project, "models"), {})
    assert not project.allowed_models.exists()


def test_a_model_that_is_switched_off_cannot_be_chosen(alice: User, project: Project) -> None:
    gone = model("gone", active=False)
    for choice in (gone.pk, 999_999, "x"):
        assert browser(alice).post(pages.of(project, "models"), {"models": [choice]}).status_code == 422
    assert not project.allowed_models.exists()
