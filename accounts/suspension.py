"""Suspending an organization: its keys and Studio start no more calls, and its members are told why."""

from django.db import transaction
from django.http import HttpRequest

from accounts.models import Organization
from accounts.signals import organization_changed
from clod_site.lib import ahead, clock


@transaction.atomic
def suspend(request: HttpRequest, organization: Organization, reason: str) -> bool:
    """From the moment this has returned and is committed. False, and nothing is changed, where it is suspended already."""
    rows = Organization.objects.filter(pk=organization.pk, suspended_at=None)
    done = rows.update(suspended_at=clock.now(), suspended_reason=reason)
    ahead.run_out(organization_id=organization.pk)
    return _tell(request, organization, "suspend", ("", reason)) if done else False


@transaction.atomic
def lift(request: HttpRequest, organization: Organization) -> bool:
    """False where it is open already."""
    before = Organization.objects.filter(pk=organization.pk).values_list("suspended_reason", flat=True).get()
    rows = Organization.objects.filter(pk=organization.pk, suspended_at__isnull=False)
    done = rows.update(suspended_at=None, suspended_reason="")
    return _tell(request, organization, "reopen", (before, "")) if done else False


def _tell(request: HttpRequest, organization: Organization, deed: str, reason: tuple[str, str]) -> bool:
    """Where there was no reason there is nothing to compare: suspended before reasons were kept, or closed by its owner."""
    changes = {"reason": reason} if any(reason) else None
    organization_changed.send(sender=Organization, request=request, organization=organization, deed=deed, changes=changes)
    return True
