"""Top-ups for programs with a session: order one, list them, see how one stands."""

from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access
from accounts.models import Membership
from billing import topups
from billing.models import TopUp
from billing.refusals import iso
from billing.serializers import TopUpAskSerializer, TopUpListSerializer, TopUpSerializer
from clod_site.lib import ids, money
from clod_site.lib.described import ErrorSerializer
from team import audit

KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=True)
REFUSED = dict.fromkeys((400, 403, 404), ErrorSerializer)
CURSOR = OpenApiParameter("cursor", str)


@extend_schema(methods=["GET"], operation_id="list_top_ups", parameters=[CURSOR], responses={200: TopUpListSerializer, **REFUSED})  # type: ignore[untyped-decorator]
@extend_schema(  # type: ignore[untyped-decorator]
    methods=["POST"],
    operation_id="create_top_up",
    parameters=[KEY],
    request=TopUpAskSerializer,
    responses={200: TopUpSerializer, 201: TopUpSerializer, **REFUSED, **dict.fromkeys((409, 422, 429, 502, 503), ErrorSerializer)},
)
@api_view(["GET", "POST"])
def top_ups(request: Request) -> Response:
    """POST ``{"amount_usd": "25.00"}``: 201 for a new order, 200 for one this key has made before. GET: newest first."""
    membership = _member(request)
    if request.method == "GET":
        page = topups.page(membership.organization_id, cursor=request.query_params.get("cursor", ""))
        return Response({"object": "list", "data": [_as_json(row) for row in page.rows], "next_cursor": page.next_cursor or None})
    top_up, is_new = topups.order(membership, topups.read(_amount(request), request.headers.get("Idempotency-Key", "")))
    if is_new:
        audit.record(request._request, "money.top_up", top_up, named=money.format_usd(top_up.amount_nanousd))
    return Response(_as_json(top_up, may_pay=True), status=201 if is_new else 200)


@extend_schema(operation_id="get_top_up", responses={200: TopUpSerializer, **REFUSED})  # type: ignore[untyped-decorator]
@api_view(["GET"])
def top_up(request: Request, public_id: str) -> Response:
    """404 for anybody else's."""
    membership = _member(request)
    row = access.find(TopUp.objects.all(), membership, id=ids.parse_public("top", public_id) or UUID(int=0))
    return Response(_as_json(row, may_pay=access.may(membership, access.MANAGERS)))


def _amount(request: Request) -> str:
    """Dollars as text, or as a whole number."""
    amount = request.data.get("amount_usd") if isinstance(request.data, dict) else None
    return str(amount) if isinstance(amount, str | int) and not isinstance(amount, bool) else ""


def _as_json(row: TopUp, *, may_pay: bool = False) -> dict[str, Any]:
    return {
        "object": "top_up",
        "id": row.public_id,
        "state": row.state,
        "amount_usd": money.as_text(row.amount_nanousd),
        "currency": row.currency,
        "refunded_usd": money.as_text(row.reversed_nanousd),
        "test_money": row.is_test,
        "automatic": row.is_automatic,
        "checkout_url": row.checkout_url if may_pay and row.is_undecided else "",
        "created_at": iso(row.created_at),
        "paid_at": iso(row.paid_at) if row.paid_at else None,
    }


def _member(request: Request) -> Membership:
    membership: Membership | None = request._request.membership  # type: ignore[attr-defined]
    if not membership:
        raise Http404
    return membership
