"""The audit log, for owners and admins."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import access
from accounts.access import MANAGERS, MemberRequest, member_page
from clod_site.lib import clock
from clod_site.lib.ranges import RANGES
from clod_site.lib.streaming import Streamed
from team import audit, audit_page
from team.deeds import GROUPS


@require_safe
@member_page
def audit_log(request: MemberRequest) -> HttpResponse:
    access.require(request.membership, MANAGERS, "read the audit log")
    organization, wanted, cursor = request.membership.organization, audit_page.read(request.GET), request.GET.get("cursor", "")
    context = {
        "page": audit_page.page(organization, wanted, clock.now(), cursor=cursor),
        "filter": wanted,
        "cursor": cursor,
        "groups": GROUPS.items(),
        "people": audit_page.people(organization),
        "ranges": [(value, label) for value, (label, _) in RANGES.items()],
    }
    return render(request, "team/audit_log.html", context)


@require_safe
@member_page
def audit_csv(request: MemberRequest) -> Streamed:
    access.require(request.membership, MANAGERS, "export the audit log")
    now = clock.now()
    audit.record(request, "export.audit")
    lines = audit_page.csv_lines(request.membership.organization, audit_page.read(request.GET), now)
    headers = {"Content-Disposition": f'attachment; filename="clod-audit-{now:%Y-%m-%d-%H%M}.csv"'}
    return Streamed(lines, content_type="text/csv; charset=utf-8", headers=headers)
