"""The people every test knows.

Alice owns an organization; Bob is on her team as a developer, Vera as a viewer, Adam as an admin.
Charlie has an organization of his own and must never see anything of theirs.
"""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import onboarding
from accounts.models import Membership, Organization, Role, User
from projects.models import Project

PASSWORD = "correct horse battery"


def person(name: str, **fields: Any) -> User:
    """A user who can log in, without an organization."""
    user = User(email=f"{name}@example.org", name=name.title(), **fields)
    user.set_unusable_password()
    user.save()
    return user


def owner(name: str) -> User:
    """A user with a personal organization, as after a sign-up."""
    user = person(name)
    onboarding.create_personal_organization(user)
    return user


def join(organization: Organization, name: str, role: Role) -> User:
    user = person(name)
    Membership.objects.create(organization=organization, user=user, role=role)
    return user


def organization_of(user: User) -> Organization:
    return Membership.objects.select_related("organization").filter(user=user).earliest("created_at").organization


def browser(user: User | None = None) -> Client:
    """A browser, logged in as that user; none is a visitor."""
    client = Client()
    if user is not None:
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def queries_of(visit: Client, address: str) -> int:
    """How many queries a page takes, once it is warm."""
    visit.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert visit.get(address).status_code == 200
    return len(queries)


@pytest.fixture
def alice(db: None) -> User:
    return owner("alice")


@pytest.fixture
def organization(alice: User) -> Organization:
    """Alice's."""
    return organization_of(alice)


@pytest.fixture
def project(organization: Organization) -> Project:
    """Alice's default project."""
    return organization.projects.get(is_default=True)


@pytest.fixture
def bob(organization: Organization) -> User:
    return join(organization, "bob", Role.DEVELOPER)


@pytest.fixture
def viewer(organization: Organization) -> User:
    return join(organization, "vera", Role.VIEWER)


@pytest.fixture
def admin(organization: Organization) -> User:
    return join(organization, "adam", Role.ADMIN)


@pytest.fixture
def charlie(db: None) -> User:
    return owner("charlie")
