"""Calls that were granted ahead. Who stops a key, a project or an organization, or lowers a cap, waits here until the grants under it have
run out: then no call starts any more, on any process.

The ledger registers how (``billing.ledger.await_leases``): what is below it does not know it.
"""

from collections.abc import Callable
from uuid import UUID

from django.db import transaction

_waits: list[Callable[..., None]] = []


def register(wait: Callable[..., None]) -> None:
    """``wait`` takes ``organization_id``, ``project_id`` or ``api_key_id``, and returns when nothing granted before now is in force."""
    _waits.append(wait)


def run_out(*, organization_id: UUID | None = None, project_id: UUID | None = None, api_key_id: UUID | None = None) -> None:
    """Wait as soon as the running transaction is committed; now, where there is none."""

    def wait_for_all() -> None:
        for wait in _waits:
            wait(organization_id=organization_id, project_id=project_id, api_key_id=api_key_id)

    transaction.on_commit(wait_for_all)
