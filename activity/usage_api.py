"""Usage of the whole organization, for programs with a session. The gateway serves a project's under ``/v1/usage`` for API keys."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request as ApiRequest
from rest_framework.response import Response

from activity import api, usage_asked, usage_export
from activity.serializers import UsageReportSerializer
from clod_site.lib import clock
from clod_site.lib.described import ErrorSerializer

CSV = "text/csv; charset=utf-8"
REFUSED = dict.fromkeys((400, 403, 404), ErrorSerializer)
ANSWERS = {(200, "application/json"): UsageReportSerializer, (200, "text/csv"): OpenApiTypes.STR}
PARAMETERS = (
    OpenApiParameter("from", str, description="A day in UTC or an instant with its zone; without it, 30 days (by hour: one) before to."),
    OpenApiParameter("to", str, description="A day, which is included, or an instant, which is not; without it, now."),
    OpenApiParameter("by", str, enum=list(usage_asked.STEPS), description="day, up to 400 of them, or hour, up to 31 days."),
    OpenApiParameter("group", str, enum=list(usage_asked.GROUPS), description="A row for each, and each day or hour."),
    OpenApiParameter("format", str, enum=list(usage_asked.FORMATS), description="json without it."),
)


@extend_schema(operation_id="get_usage", parameters=list(PARAMETERS), responses=ANSWERS | REFUSED)  # type: ignore[untyped-decorator]
@api_view(["GET"])
def usage(request: ApiRequest) -> HttpResponse | Response:
    """What the organization's requests add up to, by day or hour."""
    membership = api.member(request)
    asked = usage_asked.read(request.META.get("QUERY_STRING", ""), clock.now())
    told = usage_export.answer(membership.organization_id, asked)
    if asked.format == "csv":
        return HttpResponse(
            usage_export.csv(told), content_type=CSV, headers={"Content-Disposition": 'attachment; filename="clod-usage.csv"'}
        )
    return Response(told)
