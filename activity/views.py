"""The Activity page: tiles, chart, table, one request in full, and what is shown as a file."""

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.access import MemberRequest, member_page
from activity import anatomy, chart, choices, columns, export, figures, filters, known, live, queries, saved, saved_pages, savings
from activity.board import Board
from activity.bodies import queries as bodies
from activity.filters import Filter
from clod_site.lib import clock
from clod_site.lib.streaming import Streamed
from team import audit

PARTS = {"rows": "activity/_rows.html", "chart": "activity/_chart_parts.html"}


@require_safe
@vary_on_headers("HX-Request")
@member_page
def request_list(request: MemberRequest) -> HttpResponse:
    """The page; for its own live tail only the ``part`` that changes, and 204 while nothing has arrived since what it has ``seen``."""
    wanted = _known(request)
    if "HX-Request" in request.headers:
        if not live.has_news(request.membership.organization_id, wanted, request.GET.get("seen", "")):
            return HttpResponse(status=204)
        return render(request, PARTS.get(request.GET.get("part", ""), "activity/_live.html"), _shown(request, _board(request, wanted)))
    view = saved.find(request.membership, wanted.view)
    board = _board(request, wanted if view else wanted.leave_out("view", wanted.view))
    shown = _shown(request, board)
    frame = choices.of(board, shown["page"]) | saved_pages.menu(request.membership, view, board.query)
    return render(request, "activity/request_list.html", shown | frame | {"columns": columns.choice(shown["hidden_columns"])})


@require_safe
@member_page
def chart_data(request: MemberRequest) -> JsonResponse:
    """The page's chart as a Plotly figure, for ``metric`` and ``by`` beside the filter."""
    return JsonResponse(figures.plotly(_board(request, _known(request)).chart), headers={"Cache-Control": "private, no-cache"})


@require_safe
@vary_on_headers("HX-Request")
@member_page
def request_detail(request: MemberRequest, public_id: str) -> HttpResponse:
    """A page of its own, or what the drawer of the list shows."""
    row = queries.find(request.membership.organization_id, public_id)
    if row is None:
        raise Http404
    attempts = queries.attempts_of(row)
    context = {"row": row, "attempts": attempts, "routing": anatomy.routing(row), "lines": anatomy.cost_lines(row)}
    context |= {"timeline": anatomy.timeline(row, attempts), "speed": anatomy.tokens_per_second(row), "savings": savings.of_one(row)}
    context["body"] = bodies.kept(row)
    if "HX-Request" in request.headers:
        return render(request, "activity/_drawer.html", context)
    return render(request, "activity/request_detail.html", context | queries.neighbours(row))


@require_GET
@member_page
def request_export(request: MemberRequest, form: str) -> Streamed:
    """What the filter shows as a file: ``form`` is csv or jsonl. HEAD is refused: its answer would be made for nobody."""
    board = board_of(request)
    audit.record(request, "export.activity", f"{form} of {board.wanted.query() or 'the last day'}")
    return export.streamed(export.FORMATS[form], request.membership, board, f"clod-requests-{board.now:%Y-%m-%d-%H%M}.{form}")


def board_of(request: MemberRequest) -> Board:
    """What the address asks for, as files have it: a project or a key that the organization does not have matches nothing."""
    return _board(request, filters.read(request.GET))


def _board(request: MemberRequest, wanted: Filter) -> Board:
    return Board(request.membership.organization, wanted, chart.read(request.GET), clock.now())


def _known(request: MemberRequest) -> Filter:
    return known.only(request.membership.organization_id, filters.read(request.GET))


def _shown(request: MemberRequest, board: Board) -> dict[str, Any]:
    """What every part of the page needs."""
    cursor = request.GET.get("cursor", "")
    page = board.page(cursor)
    return {
        "board": board,
        "filter": board.wanted,
        "page": page,
        "cursor": cursor,
        "seen": live.seen(page, board.now),
        "is_tailing": board.span.is_open and not cursor,
        "hidden_columns": columns.hidden(request.COOKIES),
        "all_time": f"/activity?{board.query_of(replace(board.wanted, range='all', first=None, last=None))}",
    }
