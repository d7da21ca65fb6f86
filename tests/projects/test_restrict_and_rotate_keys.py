"""Restricting a key to models, addresses and rates; and replacing it while the old one works on for a while."""

from datetime import timedelta

import pytest

from accounts.models import User
from catalog.models import Model
from clod_site.lib import clock
from projects import grants, keys
from projects.models import ApiKey, Project
from tests.people import browser
from tests.projects import pages, shelf


@pytest.fixture
def api_key(alice: User, project: Project) -> ApiKey:
    return keys.generate(project, name="dev-key", actor=alice, limits={"daily_cap_nanousd": 5, "allowed_networks": ["192.0.2.1"]})[0]


@pytest.fixture
def model(db: None) -> Model:
    return shelf.model("paris")


def test_a_key_is_generated_with_its_restrictions(bob: User, project: Project) -> None:
    fields = {
        "name": "dev-key",
        "project": str(project.pk),
        "allowed_networks": "192.0.2.1, 10.1.2.3/8\n2001:db8::/32",
        "requests_per_minute": "60",
    }
    assert browser(bob).post("/keys/new", fields).status_code == 200
    grant = grants.of_key(ApiKey.objects.get().public_id)
    assert grant is not None
    assert [str(network) for network in grant.networks] == ["192.0.2.1/32", "10.0.0.0/8", "2001:db8::/32"]
    assert grant.key_rates.requests == 60


def test_the_page_shows_and_changes_them(bob: User, api_key: ApiKey, model: Model) -> None:
    visit = browser(bob)
    assert "192.0.2.1" in visit.get(pages.of_key(api_key, "restrictions")).content.decode()
    fields = {"allowed_networks": "203.0.113.0/24", "tokens_per_minute": "5000", "models": [str(model.pk)]}
    assert visit.post(pages.of_key(api_key, "restrictions"), fields)["Location"] == pages.of_key(api_key)
    page = visit.get(pages.of_key(api_key)).content.decode()
    assert all(text in page for text in ("203.0.113.0/24", "5,000", model.name))
    grant = grants.of_key(api_key.public_id)
    assert grant is not None
    assert grant.models == {model.slug}
    visit.post(pages.of_key(api_key, "restrictions"), {})
    assert "no limit of its own" in visit.get(pages.of_key(api_key)).content.decode()
    assert grants.of_key(api_key.public_id).networks == ()  # type: ignore[union-attr]


WRONG = [{"allowed_networks": "home"}, {"allowed_networks": "300.1.1.1"}, {"requests_per_minute": "0"}, {"tokens_per_minute": "many"}]


@pytest.mark.parametrize("wrong", [*WRONG, {"models": ["7"]}, {"allowed_networks": " ".join(f"10.0.0.{n}" for n in range(51))}])
def test_what_is_no_restriction_changes_nothing(bob: User, api_key: ApiKey, wrong: dict[str, str]) -> None:
    assert browser(bob).post(pages.of_key(api_key, "restrictions"), wrong).status_code == 422
    api_key.refresh_from_db()
    assert api_key.allowed_networks == ["192.0.2.1"]


@pytest.mark.parametrize("deed", ["restrictions", "rotate"])
def test_a_viewer_may_not_and_charlie_sees_no_such_key(viewer: User, charlie: User, api_key: ApiKey, deed: str) -> None:
    for method in ("get", "post"):
        assert getattr(browser(viewer), method)(pages.of_key(api_key, deed)).status_code == 403
        assert getattr(browser(charlie), method)(pages.of_key(api_key, deed)).status_code == 404
    assert ApiKey.objects.count() == 1


def test_a_rotated_key_works_beside_its_successor_until_the_overlap_is_over(bob: User, api_key: ApiKey, model: Model) -> None:
    api_key.allowed_models.add(model)
    answer = browser(bob).post(pages.of_key(api_key, "rotate"), {"overlap_h": "24"})
    assert "no-store" in answer["Cache-Control"]
    successor = ApiKey.objects.exclude(pk=api_key.pk).get()
    assert successor.public_id in answer.content.decode()
    assert (successor.name, successor.daily_cap_nanousd, successor.allowed_networks) == ("dev-key", 5, ["192.0.2.1"])
    assert list(successor.allowed_models.all()) == [model]
    assert successor.expires_at is None
    api_key.refresh_from_db()
    assert abs(api_key.expires_at - clock.now() - timedelta(days=1)) < timedelta(minutes=1)  # type: ignore[operator]
    assert grants.of_key(api_key.public_id) is not None


def test_a_key_that_expires_sooner_is_not_kept_alive_and_its_successor_lives_as_long(alice: User, project: Project) -> None:
    soon = clock.now() + timedelta(hours=2)
    api_key, _ = keys.generate(project, name="dev-key", actor=alice, expires_at=soon)
    successor, _ = keys.rotate(api_key, actor=alice, overlap=timedelta(days=7))
    assert api_key.expires_at == soon
    assert abs(successor.expires_at - soon) < timedelta(minutes=1)  # type: ignore[operator]


def test_without_overlap_the_old_key_is_revoked(bob: User, api_key: ApiKey) -> None:
    browser(bob).post(pages.of_key(api_key, "rotate"), {"overlap_h": "0"})
    assert grants.of_key(api_key.public_id) is None
    assert browser(bob).post(pages.of_key(api_key, "rotate"), {"overlap_h": "0"})["Location"] == pages.of_key(api_key)
    assert ApiKey.objects.count() == 2  # a revoked key has no further successor


def test_a_key_that_was_rotated_leads_to_its_successor_and_makes_no_second_one(alice: User, api_key: ApiKey) -> None:
    """The second one would inherit the short time the first key has left."""
    visit, address = browser(alice), pages.of_key(api_key, "rotate")
    visit.post(address, {"overlap_h": "24"})
    successor = ApiKey.objects.exclude(pk=api_key.pk).get()
    for answer in (visit.get(address), visit.post(address, {"overlap_h": "24"})):
        assert answer["Location"] == pages.of_key(successor)
    assert ApiKey.objects.count() == 2
    assert successor.expires_at is None
    assert "retiring" in visit.get("/keys").content.decode()
