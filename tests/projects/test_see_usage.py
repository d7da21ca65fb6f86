"""What a project and a key have done in 30 days, on their own pages."""

import re
from datetime import timedelta

import pytest

from accounts.models import Organization, User
from activity import rollups
from clod_site.lib import clock
from projects import keys
from projects.models import ApiKey, Project
from tests.activity import log
from tests.people import browser, queries_of
from tests.projects import pages


@pytest.fixture
def api_key(project: Project, alice: User) -> ApiKey:
    return keys.generate(project, name="laptop", actor=alice)[0]


def tile(page: str, label: str) -> str:
    found = re.search(rf'<span class="label">{label}</span><span class="value">([^<]*)</span>', page)
    return found[1] if found else ""


def test_both_count_their_own_requests_old_and_new(viewer: User, organization: Organization, project: Project, api_key: ApiKey) -> None:
    other = Project.objects.create(organization=organization, name="Other")
    log.call(project, timedelta(days=5), api_key=api_key)
    log.call(project, timedelta(days=5))
    log.call(other, timedelta(days=5))
    log.call(project, timedelta(days=40), api_key=api_key)
    rollups.advance(clock.now())
    log.call(project, timedelta(minutes=1), api_key=api_key)
    visit = browser(viewer)
    of_project, of_key = (visit.get(address).content.decode() for address in (pages.of(project), pages.of_key(api_key)))
    assert (tile(of_project, "Requests"), tile(of_key, "Requests")) == ("3", "2")
    assert of_project.partition("usage-bars")[2].partition("</svg>")[0].count("<rect") == 2
    assert re.search(r"<title>\d\d \w{3}: 2 requests</title>", of_project)
    assert "in 30 days, on 2 days" in of_project


def test_without_requests_the_page_says_so(alice: User, project: Project, api_key: ApiKey) -> None:
    for address in (pages.of(project), pages.of_key(api_key)):
        assert "No requests yet in this time." in browser(alice).get(address).content.decode()


def test_the_link_to_activity_keeps_the_filter(alice: User, project: Project, api_key: ApiKey) -> None:
    page = browser(alice).get(pages.of_key(api_key)).content.decode()
    assert f"/activity?key={api_key.public_id}&amp;range=30d" in page


def test_the_pages_take_as_many_queries_for_forty_requests_as_for_one(alice: User, project: Project, api_key: ApiKey) -> None:
    visit = browser(alice)
    log.call(project, timedelta(days=2), api_key=api_key)
    rollups.advance(clock.now())
    few = [queries_of(visit, address) for address in (pages.of(project), pages.of_key(api_key))]
    for number in range(40):
        log.call(project, timedelta(hours=number), api_key=api_key)
    rollups.advance(clock.now())
    assert [queries_of(visit, address) for address in (pages.of(project), pages.of_key(api_key))] == few
    assert max(few) <= 26
