"""The Activity page: tiles, table, one request in full, and the same as CSV."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import Membership
from activity import anatomy, export, filters, queries
from activity.models import Request
from clod_site.lib import clock, ids
from projects.models import ApiKey, Project


def _membership(request: HttpRequest) -> Membership:
    membership: Membership | None = request.membership  # type: ignore[attr-defined]
    if not membership:
        raise Http404
    return membership


@require_safe
@login_required
def request_list(request: HttpRequest) -> HttpResponse:
    """The page; asked for by htmx, only its live part (tiles and rows)."""
    membership, wanted, now = _membership(request), filters.read(request.GET), clock.now()
    rows = filters.apply(queries.of(membership.organization_id), wanted, now)
    shown = queries.page(rows, request.GET.get("cursor", ""))
    context = {"filter": wanted, "totals": queries.totals(rows), "page": shown, "cursor": request.GET.get("cursor", "")}
    if request.headers.get("HX-Request"):
        return render(request, "activity/_live.html", context)
    return render(request, "activity/request_list.html", context | _choices(membership, shown))


@require_safe
@login_required
def request_detail(request: HttpRequest, public_id: str) -> HttpResponse:
    row = queries.find(_membership(request).organization_id, public_id)
    if row is None:
        raise Http404
    attempts = queries.attempts_of(row)
    context = {"row": row, "attempts": attempts, "timeline": anatomy.timeline(row), "lines": anatomy.cost_lines(row), "routing": anatomy.routing(row)}
    return render(request, "activity/request_detail.html", context)


@require_safe
@login_required
def request_csv(request: HttpRequest) -> StreamingHttpResponse:
    rows = filters.apply(queries.of(_membership(request).organization_id), filters.read(request.GET), clock.now())
    name = f"clod-requests-{clock.now():%Y-%m-%d-%H%M}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(export.lines(rows), content_type="text/csv; charset=utf-8", headers=headers)


def _choices(membership: Membership, shown: queries.Page) -> dict[str, Any]:
    """What the filter offers, and whether there is anything to filter at all."""
    organization = membership.organization_id
    mine = Request.objects.filter(organization_id=organization)
    projects = Project.objects.filter(organization_id=organization).order_by("name")
    return {
        "is_new_here": not shown.rows and not mine.exists(),
        "ranges": [(value, label) for value, (label, _) in filters.RANGES.items()],
        "statuses": filters.STATUSES.items(),
        "models": queries.models_called(organization, clock.now()),
        "projects": [(ids.public("proj", project.id), project.name) for project in projects],
        "keys": ApiKey.objects.filter(project__organization_id=organization).order_by("name", "id")[:200],
    }
