"""The page that gives a recipient older bodies, and what its script asks for. Owners and admins; the page asks once more who is there."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import access, reauthentication
from accounts.access import MANAGERS, MemberRequest, member_page
from activity.bodies import queries, sharing
from clod_site.lib import ids
from clod_site.lib.refusal import Refusal
from projects import project_page
from projects.encryption import policy, telling
from projects.models import Recipient
from team import audit

RUNS = "bodies_share"  # in the session: the recipients whose page was opened, and whether the audit log knows already


class Entry(msgspec.Struct):
    request: str
    recipient: dict[str, Any]


class Batch(msgspec.Struct):
    kid: str
    entries: list[Entry]


class NotBegun(Refusal):
    status, code = HTTPStatus.CONFLICT, "not_begun"


@require_safe
@never_cache
@member_page
def share(request: MemberRequest, project_id: UUID) -> HttpResponseBase:
    """``kid`` names the recipient: one that has proved itself and is not revoked."""
    return _share(request, _recipient(request, project_id, request.GET.get("kid", "")))


@reauthentication.required
def _share(request: HttpRequest, recipient: Recipient) -> HttpResponse:
    request.session[RUNS] = request.session.get(RUNS, {}) | {str(recipient.pk): False}
    project, missing = recipient.project, sharing.missing(recipient)
    others = list(policy.in_use(project.pk).exclude(pk=recipient.pk))
    context = {
        "project": project,
        "recipient": recipient,
        "others": others,
        "kids": " ".join(each.kid for each in others),
        "missing": missing.count(),
        "sealed": sharing.sealed(project.pk).count(),
        "may_manage": True,
        "data": {"project": ids.public("proj", project.pk), "kid": recipient.kid, "jwk": recipient.jwk},
    }
    return render(request, "activity/bodies_share.html", context)


@require_safe
@never_cache
@member_page
def bodies(request: MemberRequest, project_id: UUID) -> JsonResponse:
    """``{"data": [{"request", "jwe"}], "next_cursor"}``: what is not sealed to ``kid`` yet, newest first."""
    page = sharing.page(_recipient(request, project_id, request.GET.get("kid", "")), request.GET.get("cursor", ""))
    data = [{"request": ids.public("req", body.pk), "jwe": queries.content_of(body)} for body in page.bodies]
    return JsonResponse({"data": data, "next_cursor": page.next_cursor or None})


@require_POST
@member_page
def entries(request: MemberRequest, project_id: UUID) -> JsonResponse:
    """Takes ``{"kid", "entries": [{"request", "recipient": {"header", "encrypted_key"}}]}``; tells how many were ``added``.

    ``refused`` holds ``{"request", "why"}`` of the others, but for those that are sealed to the recipient already.
    """
    try:
        batch = msgspec.json.decode(request.body, type=Batch)
    except msgspec.MsgspecError as error:
        return _refuse(Refusal(f"These are no entries: {error}."))
    if len(batch.entries) > sharing.AT_ONCE:
        return _refuse(Refusal(f"At most {sharing.AT_ONCE} entries at once."))
    recipient = _recipient(request, project_id, batch.kid)
    runs = request.session.get(RUNS, {})
    if str(recipient.pk) not in runs:
        return _refuse(NotBegun("Open the page of this recipient again: it asks once more who is there."))
    with transaction.atomic():
        added, refused = sharing.add(recipient, ((entry.request, entry.recipient) for entry in batch.entries))
        is_first = added > 0 and not runs[str(recipient.pk)]
        if is_first:
            _note(request, recipient, added)
    if is_first:
        telling.mail(request, "bodies.share", recipient)
    request.session[RUNS] = runs | {str(recipient.pk): runs[str(recipient.pk)] or added > 0}
    return JsonResponse({"added": added, "refused": refused})


def _note(request: HttpRequest, recipient: Recipient, added: int) -> None:
    """Once a run, in the transaction that changes something first: nothing is shared that the audit log does not know of."""
    many = added + sharing.missing(recipient).count()
    audit.record(request, "bodies.share", recipient, named=f"{recipient.name} (up to {many} bodies)")


def _recipient(request: MemberRequest, project_id: UUID, kid: str) -> Recipient:
    project = project_page.find(request, project_id)
    access.require(request.membership, MANAGERS, "give a recipient older bodies")
    recipient = policy.in_use(project.pk).select_related("project").filter(kid=kid).first()
    if recipient is None:
        raise Http404
    return recipient


def _refuse(refusal: Refusal) -> JsonResponse:
    return JsonResponse(refusal.body(), status=refusal.status)
