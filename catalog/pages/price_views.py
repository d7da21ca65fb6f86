"""The prices of a model over time as a chart, a table and a file; open to everybody. An unchanged chart costs its reader a 304."""

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from catalog.models import Category
from catalog.pages import charts, compare, drawn, kept, market, price_table, spans
from catalog.pages.drawn import Drawn
from catalog.pages.market import Row
from catalog.pages.spans import Span

MAX_AGE_S = 60


@require_safe
def model_prices(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The chart as a Plotly figure, for ``?hours=`` 4, 24 or 168 and ``?show=`` price or electricity."""
    row, span = _hosted(slug), _asked(request)
    return _answer(request, drawn.of(row.model, span))


@require_safe
def compared_prices(request: HttpRequest) -> HttpResponseBase:
    """The chart of models side by side, of those whose price moves."""
    choice, span = compare.read(request.GET, market.rows()), _asked(request)
    models = [row.model for row in choice.moving]
    if not models:
        raise Http404
    return _answer(request, drawn.compared(models, span))


@require_safe
def model_table(request: HttpRequest, slug: str) -> HttpResponse:
    """The same numbers as a table, with every data center."""
    row, span = _hosted(slug), spans.near(request.GET)
    context = {
        "model": row.model,
        "span": span,
        "table": _table(row, span),
        "shows": spans.shows(span),
        "hours": spans.hours(span),
    }
    return render(request, "catalog/price_table.html", context)


@require_safe
def model_csv(request: HttpRequest, slug: str) -> HttpResponse:
    row, span = _hosted(slug), _asked(request)
    name = f"{slug}-{span.show}-{span.hours}h.csv"
    return HttpResponse(
        "".join(price_table.csv(_table(row, span))),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _hosted(slug: str) -> Row:
    row = market.row_of(slug)
    if row is None or row.model.category != Category.HOSTED:
        raise Http404
    return row


def _asked(request: HttpRequest) -> Span:
    span = spans.read(request.GET)
    if span is None:
        raise Http404
    return span


def _table(row: Row, span: Span) -> price_table.Table:
    return kept.once(("prices", row.model.slug, span), lambda: price_table.of(charts.price_history(row.model, span.hours), span))


def _answer(request: HttpRequest, chart: Drawn) -> HttpResponseBase:
    whole = HttpResponse(chart.body, content_type="application/json", headers={"ETag": chart.etag, "Cache-Control": f"max-age={MAX_AGE_S}"})
    return get_conditional_response(request, etag=chart.etag, response=whole) or whole
