"""Settings of the organization and of the person."""

from accounts.models import Organization, User
from tests.people import browser, organization_of

NEW = {"organization-name": "Northwind", "organization-time_zone": "America/Toronto", "organization-pays_after_free_quota": "on"}
EVIL = "<script>alert(1)</script>"


def test_an_owner_renames_the_organization(alice: User, organization: Organization) -> None:
    assert browser(alice).post("/settings/organization", NEW).status_code == 302
    organization.refresh_from_db()
    assert (organization.name, organization.pays_after_free_quota) == ("Northwind", True)


def test_an_unticked_box_stops_free_models_when_the_day_is_used_up(alice: User, organization: Organization) -> None:
    browser(alice).post("/settings/organization", {key: value for key, value in NEW.items() if "pays" not in key})
    organization.refresh_from_db()
    assert not organization.pays_after_free_quota


def test_a_zone_nobody_has_is_refused_and_nothing_is_saved(alice: User, organization: Organization) -> None:
    answer = browser(alice).post("/settings/organization", NEW | {"organization-time_zone": "Mars/Olympus"})
    assert answer.status_code == 422
    organization.refresh_from_db()
    assert (organization.time_zone, organization.next_time_zone) == ("UTC", "")


def test_bob_and_the_viewer_see_the_settings_and_cannot_change_them(bob: User, viewer: User, organization: Organization) -> None:
    for person in (bob, viewer):
        assert "Save organization" not in browser(person).get("/settings").content.decode()
        answer = browser(person).post("/settings/organization", NEW)
        assert answer.status_code == 403
        assert "cannot change the organization&#x27;s settings" in answer.content.decode()
    organization.refresh_from_db()
    assert organization.name != "Northwind"


def test_charlie_changes_his_own_organization_only(charlie: User, organization: Organization) -> None:
    browser(charlie).post("/settings/organization", NEW)
    organization.refresh_from_db()
    assert organization.name != "Northwind"
    assert organization_of(charlie).name == "Northwind"


def test_everybody_names_themselves_and_a_name_is_only_text(viewer: User, alice: User) -> None:
    browser(viewer).post("/settings/profile", {"profile-name": EVIL})
    page = browser(alice).get("/team").content.decode()
    assert EVIL not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_visitor_is_asked_to_log_in(db: None) -> None:
    assert browser().get("/settings")["Location"] == "/accounts/login/?next=/settings"
