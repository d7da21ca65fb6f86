"""The Activity page: tiles, chart, table, one request in full, and what is shown as a file."""

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.access import MemberRequest, member_page
from activity import anatomy, chart, choices, columns, export, figures, filters, live, queries, savings
from activity.board import Board
from activity.streaming import Streamed
from clod_site.lib import clock

PARTS = {"rows": "activity/_rows.html", "chart": "activity/_chart_table.html"}


@require_safe
@vary_on_headers("HX-Request")
@member_page
def request_list(request: MemberRequest) -> HttpResponse:
    """The page; for its own live tail only the ``part`` that changes, and 204 while nothing has arrived since what it has ``seen``."""
    board, cursor = _board(request), request.GET.get("cursor", "")
    is_refresh = "HX-Request" in request.headers
    if is_refresh and not live.has_news(board.organization.pk, board.wanted, request.GET.get("seen", "")):
        return HttpResponse(status=204)
    page = board.page(cursor)
    context = {"board": board, "filter": board.wanted, "page": page, "seen": live.seen(page, board.now), "cursor": cursor}
    context["hidden_columns"] = columns.hidden(request.COOKIES)
    context["is_tailing"] = board.span.is_open and not cursor
    context["all_time"] = f"/activity?{board.wanted.query(range='all', first=None, last=None)}"
    if is_refresh:
        return render(request, PARTS.get(request.GET.get("part", ""), "activity/_live.html"), context)
    return render(request, "activity/request_list.html", context | choices.of(board, page) | {"columns": columns.choice(context["hidden_columns"])})


@require_safe
@member_page
def chart_data(request: MemberRequest) -> JsonResponse:
    """The page's chart as a Plotly figure, for ``metric`` and ``by`` beside the filter."""
    return JsonResponse(figures.plotly(_board(request).chart), headers={"Cache-Control": "private, no-cache"})


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


@require_GET
@member_page
def request_export(request: MemberRequest, form: str) -> Streamed:
    """What the filter shows as a file: ``form`` is csv or jsonl. HEAD is refused: its answer would be made for nobody."""
    board = _board(request)
    parts = export.parts(export.FORMATS[form], request.membership, board.wanted, board.span, board.mark, board.now)
    headers = {"Content-Disposition": f'attachment; filename="clod-requests-{board.now:%Y-%m-%d-%H%M}.{form}"', "Cache-Control": "no-store"}
    return Streamed(parts, content_type=export.FORMATS[form].content_type, headers=headers)


def _board(request: MemberRequest) -> Board:
    return Board(request.membership.organization, filters.read(request.GET), chart.read(request.GET), clock.now())
