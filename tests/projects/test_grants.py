"""What a key permits, and everything that takes the permission away."""

from datetime import timedelta

import pytest

from accounts.models import User
from clod_site.lib import clock
from projects import grants, keys
from projects.models import ApiKey, Project
from tests.gateway import shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def api_key(project: Project, alice: User) -> ApiKey:
    return keys.generate(project, name="ci", actor=alice)[0]


def _models(api_key: ApiKey) -> frozenset[str] | None:
    grant = grants.of_key(api_key.public_id)
    assert grant is not None
    return grant.models


def test_a_grant_says_for_whom_and_for_how_long(api_key: ApiKey, project: Project) -> None:
    ApiKey.objects.update(expires_at=clock.now() + timedelta(days=1))
    grant = grants.of_key(api_key.public_id)
    api_key.refresh_from_db()
    assert grant is not None
    assert (grant.organization_id, grant.project_id, grant.api_key_id) == (project.organization_id, project.pk, api_key.pk)
    assert (grant.valid_until, grant.user_id, grant.models) == (api_key.expires_at, None, None)


def test_a_grant_never_shows_its_digest(api_key: ApiKey) -> None:
    grant = grants.of_key(api_key.public_id)
    assert grant is not None
    assert api_key.pepper_id not in repr(grant)
    assert "digest" not in repr(grant)


def test_unknown_and_revoked_keys_have_none(api_key: ApiKey, alice: User) -> None:
    assert grants.of_key("aaaaaaaaaaaa") is None
    keys.revoke(api_key, actor=alice)
    assert grants.of_key(api_key.public_id) is None


def test_an_archived_project_has_none(api_key: ApiKey, project: Project) -> None:
    project.archive()
    assert grants.of_key(api_key.public_id) is None


def test_a_suspended_organization_has_none(api_key: ApiKey, project: Project) -> None:
    project.organization.suspended_at = clock.now()
    project.organization.save()
    assert grants.of_key(api_key.public_id) is None


def test_a_key_may_call_what_both_it_and_its_project_allow(api_key: ApiKey, project: Project) -> None:
    red, green, blue = shop.model("red"), shop.model("green"), shop.model("blue")
    project.allowed_models.set([red, green])
    assert _models(api_key) == {"red", "green"}
    api_key.allowed_models.set([green, blue])
    assert _models(api_key) == {"green"}
    project.allowed_models.clear()
    assert _models(api_key) == {"green", "blue"}


def test_two_lists_without_a_common_model_allow_nothing(api_key: ApiKey, project: Project) -> None:
    project.allowed_models.set([shop.model("red")])
    api_key.allowed_models.set([shop.model("blue")])
    assert _models(api_key) == frozenset()


def test_a_person_may_call_what_the_project_allows(project: Project, alice: User) -> None:
    until = clock.now() + timedelta(minutes=10)
    assert grants.of_project(project, alice.pk, until).models is None
    project.allowed_models.set([shop.model("red")])
    grant = grants.of_project(project, alice.pk, until)
    assert (grant.models, grant.user_id, grant.api_key_id, grant.valid_until) == ({"red"}, alice.pk, None, until)
