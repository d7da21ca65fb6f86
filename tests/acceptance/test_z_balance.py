"""Last of all: after everything the other files did to the stack, its books are right."""

import pytest

pytestmark = pytest.mark.acceptance


def test_the_books_are_clean(stack) -> None:
    checked = stack.manage("ledger_check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "The ledger adds up." in checked.stdout


def test_production_has_nothing_to_warn_of(stack) -> None:
    checked = stack.manage("check", "--database", "default", "--fail-level", "WARNING")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_worker_and_beat_have_done_their_jobs(stack) -> None:
    """Beat asks every twenty seconds for a sweep; only the worker does what it asks."""
    from tests.acceptance.conftest import eventually

    command = "import json; from billing.models import Hold; print(json.dumps(Hold.objects.filter(state='open').count()))"
    assert eventually(lambda: stack.program("manage.py", "shell", "-v", "0", "-c", command) == 0)
