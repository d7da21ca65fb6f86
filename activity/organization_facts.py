"""What an organization's admin page says of its use: thirty days as a line, drawn by the server, and their sums."""

from django.contrib import admin
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from accounts.models import Organization
from activity import rollups, steps, usage
from activity.filters import Filter
from activity.usage import Usage
from clod_site.admin_pages import read_once
from clod_site.lib import clock


@admin.display(description="use in 30 days")
@read_once
def used(organization: Organization) -> str:
    """Of rollups, and of the newest requests."""
    now, mark = clock.now(), rollups.mark()
    span = Filter(range="30d").span(now, "UTC")
    pieces = usage.course(organization.pk, Filter(range="30d"), span, mark, with_times=False)
    by = steps.of(span)
    at = steps.by_point(pieces, by)
    context = {
        "points": [at.get(point, Usage()).requests for point in by.points(span)],
        "total": usage.total(pieces),
        "requests": f"{reverse('admin:activity_request_changelist')}?organization__id__exact={organization.pk}",
    }
    return SafeString(render_to_string("activity/_admin_usage.html", context))
