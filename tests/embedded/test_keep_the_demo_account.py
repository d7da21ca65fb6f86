"""The demo account survives restarts, and what somebody changed in the site is told instead of undone."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Organization, User
from clod_site.embedded import banner, demo
from clod_site.embedded.demo import Demo, Prepared
from projects import keys
from projects.models import ApiKey

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "demo.json"


@pytest.fixture
def first(file: Path) -> Demo:
    return demo.prepare(file).demo


def again(file: Path) -> Prepared:
    return demo.prepare(file)


def the_key(made: Demo) -> ApiKey:
    parts = keys.parse(made.api_key)
    assert parts is not None
    return ApiKey.objects.get(public_id=parts.public_id)


def test_the_first_start_makes_an_account_that_opens_the_site(file: Path, first: Demo, client: Client) -> None:
    assert json.loads(file.read_text()) == {
        "base_url": first.base_url,
        "email": first.email,
        "password": first.password,
        "api_key": first.api_key,
    }
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert User.objects.get(email=first.email).check_password(first.password)
    assert the_key(first).project.is_default


def test_the_second_start_keeps_everything(file: Path, first: Demo) -> None:
    assert again(file) == Prepared(first, ())
    assert (User.objects.count(), Organization.objects.count(), ApiKey.objects.count()) == (1, 1, 1)


def test_the_address_follows_the_port(file: Path, first: Demo, settings: Any) -> None:
    settings.CLOD_BASE_URL = "http://127.0.0.1:8149"
    second = again(file).demo
    assert second.base_url == "http://127.0.0.1:8149"
    assert second.api_key == first.api_key


def test_a_revoked_key_is_replaced_and_told(file: Path, first: Demo) -> None:
    keys.revoke(the_key(first), actor=None)
    second = again(file)
    assert second.demo.api_key != first.api_key
    assert the_key(second.demo).revoked_at is None
    assert second.remarks == ("the demo user can no longer use the demo key: made a new one",)
    assert again(file) == Prepared(second.demo, ())


def test_a_deleted_user_is_replaced_and_told(file: Path, first: Demo) -> None:
    User.objects.get(email=first.email).delete()
    second = again(file)
    assert second.remarks == (
        "the demo user was deleted: made a new one",
        "the demo user can no longer use the demo key: made a new one",  # which may well work for whoever else is in its organization
    )
    assert second.demo.api_key != first.api_key
    assert User.objects.get(email=second.demo.email).check_password(second.demo.password)


def test_a_changed_password_is_not_changed_back(file: Path, first: Demo) -> None:
    user = User.objects.get(email=first.email)
    user.set_password("a password of my own")
    user.save()
    second = again(file)
    assert second.demo.password == ""
    assert second.remarks == ("the demo user has a password of their own",)
    assert User.objects.get(pk=user.pk).check_password("a password of my own")
    assert "with the password you chose" in banner.text(second.demo)


@pytest.mark.parametrize("content", ["", "not json", "[]", '{"email": 1}'])
def test_a_lost_or_broken_file_is_made_again(file: Path, first: Demo, content: str) -> None:
    file.write_text(content)
    second = again(file)
    assert second.demo.email == first.email
    assert User.objects.get(email=first.email).check_password(second.demo.password)
    assert the_key(second.demo).revoked_at is None


def test_the_curl_line_quotes_what_a_shell_would_read(first: Demo) -> None:
    line = banner.curl(first.base_url, first.api_key)
    assert "\n" not in line
    assert f"'Authorization: Bearer {first.api_key}'" in line
    assert '"model": "SmolLM2 135M Instruct"' in line
