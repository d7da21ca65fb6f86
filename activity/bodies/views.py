"""What was said in one request, and in all that a filter shows: ciphertext where it is sealed, which the reader's browser opens."""

from django.http import Http404, JsonResponse
from django.views.decorators.http import require_GET, require_safe

from accounts.access import MemberRequest, member_page
from activity import export, queries
from activity.bodies import export as bodies_export
from activity.bodies import queries as bodies
from activity.views import board_of
from clod_site.lib.streaming import Streamed
from team import audit


@require_safe
@member_page
def request_body(request: MemberRequest, public_id: str) -> JsonResponse:
    """``{"request", "project", "sealed", "jwe" or "body"}``, or ``why`` there is none; 404 for anybody else's."""
    row = queries.find(request.membership.organization_id, public_id)
    if row is None:
        raise Http404
    return JsonResponse(bodies.as_json(row, bodies.find(row)), headers={"Cache-Control": "no-store"})


@require_GET
@member_page
def body_export(request: MemberRequest) -> Streamed:
    """The bodies of what the filter shows, as JSON lines. HEAD is refused: its answer would be made for nobody."""
    board = board_of(request)
    audit.record(request, "bodies.export", board.wanted.query() or "the last day")
    return export.streamed(bodies_export.FORMAT, request.membership, board, f"clod-bodies-{board.now:%Y-%m-%d-%H%M}.jsonl")
