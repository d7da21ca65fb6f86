"""A form that was opened before somebody else saved changes nothing, and says so."""

import re
from functools import partial
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from clod_site.lib.money import usd
from projects import keys
from projects.models import ApiKey, Project
from tests.meanwhile import uncommitted
from tests.people import browser
from tests.projects import pages, shelf

pytestmark = pytest.mark.django_db
SAID = "This has been changed meanwhile, so nothing was saved."


def opened(visit: Client, address: str) -> dict[str, str]:
    """What the page's form would send beside what is typed."""
    [stamp] = set(re.findall(r'name="drawn_with" value="(\w+)"', visit.get(address).content.decode()))
    return {"drawn_with": stamp}


@pytest.fixture
def api_key(alice: User, project: Project) -> ApiKey:
    return keys.generate(project, name="dev", actor=alice)[0]


def said(visit: Client, address: str, form: dict[str, Any]) -> bool:
    return SAID in visit.post(address, form, follow=True).content.decode()


def test_a_cap_that_was_lowered_stays_lowered(alice: User, project: Project) -> None:
    visit, address = browser(alice), pages.of(project, "budgets")
    first, second = opened(visit, address), opened(visit, address)
    assert not said(visit, address, first | {"daily_cap_nanousd": "2"})
    assert said(visit, address, second | {"daily_cap_nanousd": "3", "monthly_cap_nanousd": "50"})
    project.refresh_from_db()
    assert (project.daily_cap_nanousd, project.monthly_cap_nanousd) == (usd("2"), None)
    assert not said(visit, address, opened(visit, address) | {"daily_cap_nanousd": "2", "monthly_cap_nanousd": "50"})


def test_an_address_list_is_not_lost(alice: User, api_key: ApiKey) -> None:
    visit, address = browser(alice), pages.of_key(api_key, "restrictions")
    first, second = opened(visit, address), opened(visit, address)
    assert not said(visit, address, first | {"allowed_networks": "10.0.0.0/8"})
    assert said(visit, address, second | {"requests_per_minute": "5"})
    api_key.refresh_from_db()
    assert (api_key.allowed_networks, api_key.requests_per_minute) == (["10.0.0.0/8"], None)


def test_caps_of_a_key_and_models_of_a_project_likewise(alice: User, project: Project, api_key: ApiKey) -> None:
    visit, address = browser(alice), pages.of_key(api_key)
    old = opened(visit, address)
    ApiKey.objects.update(daily_cap_nanousd=usd("1"))
    assert said(visit, address, old | {"daily_cap_nanousd": ""})
    assert opened(visit, pages.of(project, "models"))


@pytest.mark.django_db(transaction=True)
def test_of_two_that_save_in_the_same_instant_one_is_told(alice: User, project: Project, api_key: ApiKey) -> None:
    first, second = browser(alice), browser(alice)
    for row, address in ((project, pages.of(project, "budgets")), (api_key, pages.of_key(api_key))):
        form = opened(first, address)
        with uncommitted(partial(first.post, address, form | {"daily_cap_nanousd": "20"})):
            assert said(second, address, form | {"monthly_cap_nanousd": "50"})
        row.refresh_from_db()
        assert (row.daily_cap_nanousd, row.monthly_cap_nanousd) == (usd("20"), None)


@pytest.mark.django_db(transaction=True)
def test_so_is_who_restricts_a_key_or_chooses_models_in_the_same_instant(alice: User, project: Project, api_key: ApiKey) -> None:
    first, second = browser(alice), browser(alice)
    address, models = pages.of_key(api_key, "restrictions"), pages.of(project, "models")
    form = opened(first, address)
    with uncommitted(partial(first.post, address, form | {"allowed_networks": "10.0.0.0/8"})):
        assert said(second, address, form | {"requests_per_minute": "5"})
    one, other = shelf.model("One"), shelf.model("Other")
    form = opened(first, models)
    with uncommitted(partial(first.post, models, form | {"models": [one.pk]})):
        assert said(second, models, form | {"models": [other.pk]})
    assert list(project.allowed_models.all()) == [one]
