"""The demo account: made once, kept over restarts, told in ``var/demo.json`` (readable by its owner only)."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction

from accounts import onboarding
from accounts.models import Organization, User
from clod_site.lib import clock
from projects import keys
from projects.models import ApiKey, Project

EMAIL = "demo@clod.local"
KEY_NAME = "Demo key"


@dataclass(frozen=True)
class Demo:
    """What opens the site. ``password`` is empty when the demo user has chosen their own."""

    base_url: str
    email: str
    password: str
    api_key: str


@dataclass(frozen=True)
class Prepared:
    """The demo account as it is now, and what had to be made anew because somebody changed it in the site."""

    demo: Demo
    remarks: tuple[str, ...]


@transaction.atomic
def prepare(file: Path) -> Prepared:
    """Read ``file``, make what is missing or no longer works, write it again."""
    told = _read(file)
    user, password, about_user = _user(told)
    api_key, about_key = _api_key(told, user)
    demo = Demo(base_url=settings.CLOD_BASE_URL, email=user.email, password=password, api_key=api_key)
    _write(file, demo)
    return Prepared(demo, tuple(filter(None, (about_user, about_key))))


def _user(told: Demo | None) -> tuple[User, str, str]:
    user = User.objects.filter(email=told.email if told else EMAIL).first()
    if user is None:
        return *_create_user(), "the demo user was deleted: made a new one" if told else ""
    if told is None:
        return user, _set_password(user), "demo.json was gone: the demo user has a new password"
    if not told.password or not user.check_password(told.password):
        return user, "", "the demo user has a password of their own"
    return user, told.password, ""


def _create_user() -> tuple[User, str]:
    password = secrets.token_urlsafe(12)
    user = User.objects.create_user(EMAIL, password, name="Demo")
    EmailAddress.objects.create(user=user, email=EMAIL, verified=True, primary=True)
    onboarding.create_personal_organization(user)
    return user, password


def _set_password(user: User) -> str:
    password = secrets.token_urlsafe(12)
    user.set_password(password)
    user.save(update_fields=["password"])
    return password


def _api_key(told: Demo | None, user: User) -> tuple[str, str]:
    if told and _opens(told.api_key, user):
        return told.api_key, ""
    _, text = keys.generate(_project(user), name=KEY_NAME, actor=user)
    return text, "the demo user can no longer use the demo key: made a new one" if told else ""


def _opens(text: str, user: User) -> bool:
    """Whether this key would be let in: known, not revoked, disabled or expired, of a living project of the demo user's."""
    parts = keys.parse(text)
    if parts is None:
        return False
    usable = ApiKey.objects.filter(revoked_at=None, disabled_at=None, project__archived_at=None, project__organization__members=user)
    key = usable.filter(public_id=parts.public_id).first()
    expired = key is not None and key.expires_at is not None and key.expires_at <= clock.now()
    return key is not None and not expired and keys.matches(parts.secret, bytes(key.digest), key.pepper_id)


def _project(user: User) -> Project:
    organization = Organization.objects.filter(members=user).order_by("created_at").first()
    organization = organization or onboarding.create_personal_organization(user)
    project = organization.projects.filter(archived_at=None).order_by("-is_default", "created_at").first()
    return project or Project.objects.create(organization=organization, name="Demo")


def _read(file: Path) -> Demo | None:
    try:
        return Demo(**json.loads(file.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _write(file: Path, demo: Demo) -> None:
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as sink:
        json.dump(asdict(demo), sink, indent=2)
        sink.write("\n")
    draft.replace(file)
