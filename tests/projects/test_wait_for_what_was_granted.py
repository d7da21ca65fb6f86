"""Whoever stops a key, a project or an organization, or changes a cap, waits for what was granted ahead of their calls: at the commit."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.test import RequestFactory
from django.urls import reverse

from accounts import leaving, suspension
from accounts.models import Organization, User
from clod_site.lib import ahead
from projects import caps, keys
from projects.models import ApiKey, Project
from tests.people import browser

Waited = list[dict[str, Any]]


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> Callable[[Callable[[], Any]], Waited]:
    """What a deed waits for after its commit."""
    found: Waited = []
    monkeypatch.setattr(ahead, "_waits", [lambda **whose: found.append({name: value for name, value in whose.items() if value})])

    def waited(deed: Callable[[], Any]) -> Waited:
        found.clear()
        with django_capture_on_commit_callbacks(execute=True):
            deed()
            assert found == [], "it is not committed yet"
        return list(found)

    return waited


@pytest.fixture
def api_key(project: Project, alice: User) -> ApiKey:
    return keys.generate(project, name="ci", actor=alice)[0]


def test_a_key_s_calls_are_waited_for_also_by_whoever_comes_second(waited: Any, api_key: ApiKey, alice: User) -> None:
    of_key = [{"api_key_id": api_key.pk}]
    for _ in range(2):
        assert waited(lambda: keys.disable(api_key)) == of_key
    assert waited(lambda: keys.enable(api_key)) == []
    assert waited(lambda: caps.of_key(api_key, {"daily_cap_nanousd": 5, "monthly_cap_nanousd": None})) == of_key
    for _ in range(2):
        assert waited(lambda: keys.revoke(api_key, actor=alice)) == of_key


def test_a_key_that_is_rotated_at_once_is_waited_for_and_one_with_an_overlap_is_not(waited: Any, project: Project, alice: User) -> None:
    first, second = (keys.generate(project, name=name, actor=alice)[0] for name in ("a", "b"))
    assert waited(lambda: keys.rotate(first, actor=alice, overlap=timedelta(0))) == [{"api_key_id": first.pk}]
    assert waited(lambda: keys.rotate(second, actor=alice, overlap=timedelta(hours=1))) == []


def test_a_project_s_calls_are_waited_for(waited: Any, project: Project) -> None:
    of_project = [{"project_id": project.pk}]
    assert waited(lambda: caps.of_project(project, {"daily_cap_nanousd": 5})) == of_project
    for _ in range(2):
        assert waited(project.archive) == of_project


def test_an_organization_s_calls_are_waited_for(waited: Any, organization: Organization, api_key: ApiKey, alice: User) -> None:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    of_organization = {"organization_id": organization.pk}
    for _ in range(2):
        assert waited(lambda: suspension.suspend(request, organization, "why")) == [of_organization]
    assert waited(lambda: leaving.delete_account(alice)) == [{"api_key_id": api_key.pk}, of_organization]


def test_operators_wait_as_well(waited: Any, project: Project, alice: User) -> None:
    office = browser(User.objects.create_superuser("olga@example.org", None))
    rows = {f"{kind}-{count}_FORMS": 0 for kind in ("api_keys", "recipients") for count in ("TOTAL", "INITIAL")}
    form = {"organization": project.organization_id, "name": "Default", "is_default": "on", "daily_cap_nanousd": "0.01"} | rows
    assert waited(lambda: office.post(reverse("admin:projects_project_change", args=[project.pk]), form)) == [{"project_id": project.pk}]
    made = [keys.generate(project, name=name, actor=alice)[0].pk for name in ("a", "b")]
    chosen = {"action": "revoke", "_selected_action": made}
    found = waited(lambda: office.post(reverse("admin:projects_apikey_changelist"), chosen))
    assert {wait["api_key_id"] for wait in found} == set(made)


def test_nobody_waits_for_a_change_that_is_rolled_back(waited: Any, project: Project) -> None:
    def deed() -> None:
        with transaction.atomic():
            project.archive()
            transaction.set_rollback(True)

    assert waited(deed) == []
