"""Forms from pages that have become old: nothing is saved, and the page is shown as it stands now. Also of two that are sent in the same
instant, one is told so.
"""

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.access import MemberRequest
from projects.models import ApiKey, Project

Page = Callable[..., HttpResponse]


def in_turn(view: Page) -> Page:
    """What is sent to a page of a project or a key is answered after what was sent there before, and with that saved. Calls of theirs
    wait meanwhile, so nothing slow may be done."""

    @wraps(view)
    def page(request: MemberRequest, **of: UUID) -> HttpResponse:
        if request.method != "POST":
            return view(request, **of)
        with transaction.atomic():
            _take_turn(request, **of)
            return view(request, **of)

    return page


def _take_turn(request: MemberRequest, project_id: UUID | None = None, key_id: UUID | None = None) -> None:
    """Lock the row, if it is theirs. On SQLite the transaction has done that."""
    whose = request.membership.organization_id
    if project_id:
        Project.objects.select_for_update(no_key=True).filter(pk=project_id, organization_id=whose).first()
    if key_id:
        ApiKey.objects.select_for_update(no_key=True, of=("self",)).filter(pk=key_id, project__organization_id=whose).first()


def reopened(request: HttpRequest, page: str, pk: UUID) -> HttpResponse:
    messages.error(request, "This has been changed meanwhile, so nothing was saved. Here is how it stands now.")
    return redirect(page, pk)
