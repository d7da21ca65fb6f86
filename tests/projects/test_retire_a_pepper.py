"""An operator sees which API keys still need a former pepper, and when none does."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import User
from projects import keys
from projects.models import ApiKey, Project

OLD, NEW = "o" * 40, "n" * 40


def told() -> tuple[str, int]:
    out = StringIO()
    try:
        call_command("key_peppers", stdout=out)
    except SystemExit as ended:
        return out.getvalue(), int(str(ended.code))
    return out.getvalue(), 0


@pytest.fixture
def old(project: Project, alice: User, settings: Any) -> ApiKey:
    """Made before the pepper was replaced."""
    settings.CLOD_KEY_PEPPERS = [OLD]
    made, _ = keys.generate(project, name="nightly", actor=alice)
    settings.CLOD_KEY_PEPPERS = [NEW, OLD]
    return made


def test_a_key_that_needs_a_former_pepper_is_named(old: ApiKey, project: Project, alice: User) -> None:
    newer, _ = keys.generate(project, name="ci", actor=alice)
    text, code = told()
    assert code == 1
    assert f"{old.prefix}  {project.organization.name} › {project.name} › nightly, never used" in text
    assert newer.prefix not in text
    assert "1 need another pepper than the newest" in text


def test_once_it_is_rotated_the_former_pepper_can_go(old: ApiKey, alice: User) -> None:
    keys.rotate(old, actor=alice, overlap=timedelta())
    assert told()[1] == 0
    assert "No key needs a former pepper: take them out." in told()[0]


def test_a_pepper_taken_out_too_early_is_told(old: ApiKey, settings: Any) -> None:
    settings.CLOD_KEY_PEPPERS = [NEW]
    text, code = told()
    assert code == 1
    assert "not configured, so these do not work: 1 key" in text
