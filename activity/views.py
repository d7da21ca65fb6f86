"""The Activity page: tiles, table, one request in full, and the same as CSV."""

from typing import Any

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.access import MemberRequest, member_page
from accounts.models import Membership
from activity import anatomy, export, filters, queries, savings
from activity.models import Request
from catalog.pages import market
from clod_site.lib import clock, ids
from projects.models import ApiKey, Project


@require_safe
@vary_on_headers("HX-Request")
@member_page
def request_list(request: MemberRequest) -> HttpResponse:
    """The page; for its own live refresh only tiles and rows, and 204 while these are what the page has ``seen``."""
    membership, wanted, now = request.membership, filters.read(request.GET), clock.now()
    rows = filters.apply(queries.of(membership.organization_id), wanted, now)
    shown, totals = queries.page(rows, request.GET.get("cursor", "")), queries.totals(rows)
    seen = f"{totals.requests}-{shown.rows[0].id}" if shown.rows else ""
    is_refresh = "HX-Request" in request.headers
    if is_refresh and request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    context = {"filter": wanted, "totals": totals, "page": shown, "seen": seen, "cursor": request.GET.get("cursor", "")}
    context["savings"] = savings.of_many(rows)
    context["all_time"] = f"/activity?{wanted.query(range='all')}"
    if is_refresh:
        return render(request, "activity/_live.html", context)
    return render(request, "activity/request_list.html", context | _choices(membership, shown))


@require_safe
@vary_on_headers("HX-Request")
@member_page
def request_detail(request: MemberRequest, public_id: str) -> HttpResponse:
    """A page of its own, or what the drawer of the list shows."""
    row = queries.find(request.membership.organization_id, public_id)
    if row is None:
        raise Http404
    context = {"row": row, "attempts": queries.attempts_of(row), "routing": anatomy.routing(row)}
    context |= {"timeline": anatomy.timeline(row), "speed": anatomy.tokens_per_second(row), "lines": anatomy.cost_lines(row)}
    context["savings"] = savings.of_one(row)
    template = "activity/_drawer.html" if "HX-Request" in request.headers else "activity/request_detail.html"
    return render(request, template, context)


@require_safe
@member_page
def request_csv(request: MemberRequest) -> StreamingHttpResponse:
    rows = filters.apply(queries.of(request.membership.organization_id), filters.read(request.GET), clock.now())
    name = f"clod-requests-{clock.now():%Y-%m-%d-%H%M}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(export.lines(rows), content_type="text/csv; charset=utf-8", headers=headers)


def _choices(membership: Membership, shown: queries.Page) -> dict[str, Any]:
    """What the filter offers, and whether there is anything to filter at all."""
    organization = membership.organization_id
    mine = Request.objects.filter(organization_id=organization)
    projects = Project.objects.filter(organization_id=organization).order_by("name")
    is_new_here = not shown.rows and not mine.exists()
    return {
        "is_new_here": is_new_here,
        "suggested_model": market.suggestion() if is_new_here else "",
        "ranges": [(value, label) for value, (label, _) in filters.RANGES.items()],
        "statuses": filters.STATUSES.items(),
        "models": queries.models_called(organization, clock.now()),
        "projects": [(ids.public("proj", project.id), project.name) for project in projects],
        "keys": ApiKey.objects.filter(project__organization_id=organization).order_by("name", "id")[:200],
    }
