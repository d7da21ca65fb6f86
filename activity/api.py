"""The activity API of the dashboard: the same log as the page, for programs with a session.

The gateway serves the same rows under ``/v1/requests`` for API keys.
"""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request as ApiRequest
from rest_framework.response import Response

from accounts.models import Membership
from activity import filters, paging, queries, rollups
from activity.serializers import LoggedRequestListSerializer, RequestDetailSerializer
from clod_site.lib import clock
from clod_site.lib.described import ErrorSerializer

REFUSED = dict.fromkeys((400, 403, 404), ErrorSerializer)
HAS_TIME = frozenset({"range", "from", "to"})
FILTERS = [OpenApiParameter(name, str) for name in ("cursor", "limit", "range", "from", "to", "q")]
FILTERS += [OpenApiParameter(name, str, many=True) for name in filters.LIMBS]


@extend_schema(  # type: ignore[untyped-decorator]
    operation_id="list_requests", parameters=FILTERS, responses={200: LoggedRequestListSerializer, **REFUSED}
)
@api_view(["GET"])
def request_list(request: ApiRequest) -> Response:
    """Newest first. ``cursor`` is the ``next_cursor`` of the page before; ``limit`` is 1 to 200; filters as on the page."""
    organization, now = member(request).organization, clock.now()
    wanted = filters.read(request.query_params if HAS_TIME & {*request.query_params} else _all_time(request))
    limit = queries.limit_of(request.query_params.get("limit", ""))
    span = wanted.span(now, organization.calendar.zone_at(now))
    page = paging.page(organization.pk, wanted, span, rollups.mark(), request.query_params.get("cursor", ""), limit)
    return Response({"object": "list", "data": [queries.as_json(row) for row in page.rows], "next_cursor": page.next_cursor or None})


@extend_schema(operation_id="get_request", responses={200: RequestDetailSerializer, **REFUSED})  # type: ignore[untyped-decorator]
@api_view(["GET"])
def request_detail(request: ApiRequest, public_id: str) -> Response:
    """One request with its attempts and the routing decision; 404 for anybody else's."""
    row = queries.find(member(request).organization_id, public_id)
    if row is None:
        raise Http404
    return Response(queries.as_json(row, queries.attempts_of(row)))


def member(request: ApiRequest) -> Membership:
    membership: Membership | None = request._request.membership  # type: ignore[attr-defined]
    if not membership:
        raise Http404
    return membership


def _all_time(request: ApiRequest) -> Any:
    """A program pages through everything unless it asks for a range."""
    query = request.query_params.copy()
    query["range"] = "all"
    return query
