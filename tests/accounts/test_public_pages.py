"""Landing, docs, theme and error pages: what everybody may see."""

import pytest
from django.test import override_settings

from accounts.models import User
from clod_site.lib import ids
from projects.models import Project
from tests.people import browser, organization_of

pytestmark = [pytest.mark.django_db, pytest.mark.any_store]


def test_visitors_see_the_claim_and_one_field() -> None:
    page = browser().get("/").content.decode()
    assert "Priced by the grid" in page
    assert page.count("<input") == 1


@pytest.mark.parametrize(
    ("typed", "address"),
    [("/docs/", "/docs"), ("/models/?q=Phi", "/models?q=Phi"), ("/docs/energy//", "/docs/energy")],
)
def test_an_address_as_people_type_it_leads_to_the_page(typed: str, address: str) -> None:
    assert browser().get(typed)["Location"] == address


@pytest.mark.parametrize("typed", ["/nowhere/", "/docs//nowhere/", "/v1/models/", "/api/activity/requests/"])
def test_what_is_no_page_without_a_slash_either_is_not_found(typed: str) -> None:
    assert browser().get(typed).status_code == 404


def test_members_go_to_the_models(alice: User) -> None:
    assert browser(alice).get("/")["Location"] == "/models"


def test_the_icon_is_found_at_its_old_address() -> None:
    assert browser().get("/favicon.ico")["Location"].endswith(".ico")


def test_the_top_bar_can_be_renewed_alone(alice: User) -> None:
    part = browser(alice).get("/frame/facts").content.decode()
    assert "free left" in part
    assert "<html" not in part
    assert browser().get("/frame/facts").status_code == 302


def test_the_quickstart_names_this_sites_own_address() -> None:
    with override_settings(CLOD_API_URL="https://api.example.org/v1"):
        page = browser().get("/docs").content.decode()
    assert "https://api.example.org/v1/chat/completions" in page


def test_a_theme_is_remembered_and_painted_by_the_server() -> None:
    visitor = browser()
    assert 'data-theme="system"' in visitor.get("/docs").content.decode()
    assert visitor.post("/theme", {"theme": "dark", "next": "/docs"})["Location"] == "/docs"
    assert 'data-theme="dark"' in visitor.get("/docs").content.decode()


def test_a_theme_cookie_from_elsewhere_is_not_believed() -> None:
    visitor = browser()
    visitor.cookies["clod_theme"] = '"><script>'
    assert 'data-theme="system"' in visitor.get("/docs").content.decode()


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_the_way_back_never_leads_to_another_site(address: str) -> None:
    assert browser().post("/theme", {"theme": "dark", "next": address})["Location"] == "/"


def test_what_does_not_exist_and_what_is_not_yours_read_the_same(alice: User, charlie: User) -> None:
    theirs = Project.objects.get(organization=organization_of(alice))
    visit = browser(charlie)
    hidden = visit.get(f"/projects/{ids.public('proj', theirs.pk)}")
    nothing = visit.get(f"/projects/{ids.public('proj', charlie.pk)}")
    assert hidden.status_code == nothing.status_code == 404
    assert hidden.content == nothing.content


def test_pages_ask_no_other_origin_and_hold_no_inline_script(alice: User) -> None:
    for visit, address in ((browser(), "/"), (browser(), "/docs"), (browser(alice), "/projects"), (browser(alice), "/keys")):
        answer = visit.get(address)
        page = answer.content.decode()
        assert "<script>" not in page
        assert " onclick=" not in page
        assert 'src="http' not in page
        assert "default-src 'self'" in answer["Content-Security-Policy"]
