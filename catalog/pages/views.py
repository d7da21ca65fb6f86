"""The Models pages, open to everybody: the market table, each model, and models side by side."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from catalog import destination, grid
from catalog.models import Category
from catalog.pages import choices, compare, drawn, kept, market, performance, shelf, spans
from clod_site.lib import clock

PERFORMANCE_S = 60  # so long a table with speeds in it is kept


@require_safe
@vary_on_headers("HX-Request")
def model_list(request: HttpRequest) -> HttpResponse:
    """The table; asked for by htmx, only the part that changes. Going back, htmx asks for the whole page."""
    wanted = shelf.read(request.GET)
    if request.headers.get("HX-Request") and not request.headers.get("HX-History-Restore-Request"):
        return HttpResponse(_table(wanted))
    going = destination.now()
    context = {
        "filter": wanted,
        "table": _table(wanted),
        "standings": kept.once("standings", lambda: grid.standings(clock.now())),
        "going_to": going.site.data_center if going else None,
    }
    return render(request, "catalog/model_list.html", context)


@require_safe
def model_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One model. The chart's numbers are a table as well, for eyes and machines that do not read charts."""
    row = market.row_of(slug)
    if row is None and market.row_of(slug.lower()):
        return redirect("model", slug.lower())
    if row is None:
        raise Http404
    is_hosted = row.model.category == Category.HOSTED
    context: dict[str, Any] = {"model": row.model, "row": row, "is_hosted": is_hosted}
    if is_hosted:
        span = spans.near(request.GET)
        context |= {"span": span, "drawn": drawn.of(row.model, span), "going_to": _going_to(row)}
        context |= {"shows": spans.shows(span), "hours": spans.hours(span)}
    return render(request, "catalog/model_detail.html", context)


@require_safe
def model_compare(request: HttpRequest) -> HttpResponse:
    """Up to four models in columns; fewer than two are asked for another one."""
    rows, span = market.rows(), spans.near(request.GET)._replace(show=spans.PRICE)
    choice = compare.read(request.GET, rows)
    context = {
        "choice": choice,
        "columns": [(row, choice.without(row.model.slug)) for row in choice.rows],
        "facts": compare.facts(choice, performance.lately()) if choice.is_enough else [],
        "others": [row.model for row in rows if row.model.slug not in choice.slugs],
        "moving": [row.model.name for row in choice.moving],
        "hours": [switch._replace(query=f"{choice.query()}&hours={switch.value}") for switch in spans.hours(span)],
        "span": span,
        "drawn": drawn.compared([row.model for row in choice.moving], span) if choice.is_enough and choice.moving else None,
    }
    return render(request, "catalog/compare.html", context)


def _table(wanted: shelf.Filter) -> SafeString:
    """Shown to everybody alike, so the whole one is kept, for a minute."""
    if wanted.is_narrowed:
        return _render_table(wanted)
    minute = int(clock.now().timestamp()) // PERFORMANCE_S
    return kept.once(("table", wanted.sort, minute), lambda: _render_table(wanted))


def _render_table(wanted: shelf.Filter) -> SafeString:
    rows, measured = market.rows(), performance.lately()
    context = {
        "filter": wanted,
        "rows": shelf.choose(rows, wanted, measured),
        "lately": measured,
        "chips": choices.chips(rows, wanted),
        "selects": choices.selects(rows, wanted),
        "in_force": choices.in_force(wanted),
        "removable": choices.removable(wanted),
        "heads": choices.heads(wanted),
        "total": len(rows),
    }
    return render_to_string("catalog/_market.html", context)


def _going_to(row: market.Row) -> int | None:
    """The id of the data center the model's requests go to now; the cheapest one, or the one that is not worth leaving."""
    offers = [offer for offer in row.offers if offer.is_available]
    site = destination.among([offer.endpoint for offer in offers], {each.site.data_center.pk: each.site for each in offers if each.site})
    return site.data_center.pk if site else None
