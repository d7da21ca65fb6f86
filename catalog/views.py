"""The Models pages, open to everybody: the market table, and each model with its price chart."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from catalog import charts, destination, figures, market, shelf
from catalog.models import Category, Model
from clod_site.lib import clock

CHART_HOURS = {4: "4 h", 24: "24 h", 168: "7 d"}


@require_safe
@vary_on_headers("HX-Request")
def model_list(request: HttpRequest) -> HttpResponse:
    """The table; asked for by htmx, only the part that changes."""
    wanted, rows = shelf.read(request.GET), market.rows()
    context = {
        "filter": wanted,
        "rows": shelf.choose(rows, wanted),
        "chips": shelf.chips(rows, wanted),
        "sorts": shelf.sorts(wanted),
        "total": len(rows),
    }
    template = "catalog/_market.html" if request.headers.get("HX-Request") else "catalog/model_list.html"
    return render(request, template, context)


@require_safe
def model_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One model. The chart's numbers are in a table as well, for eyes and machines that do not read charts."""
    model = get_object_or_404(Model, slug=slug, active=True)
    is_hosted = model.category == Category.HOSTED
    context: dict[str, Any] = {
        "model": model,
        "row": market.row_of(model, clock.now()),
        "hours": CHART_HOURS.items(),
        "is_hosted": is_hosted,
    }
    if is_hosted:
        context["going_to"] = _going_to(context["row"])
        context["hourly"] = charts.table(charts.price_history(model, 24))
    return render(request, "catalog/model_detail.html", context)


@require_safe
def model_prices(request: HttpRequest, slug: str) -> JsonResponse:
    """The chart as a Plotly figure, for ``?hours=`` 4, 24 or 168."""
    model = get_object_or_404(Model, slug=slug, active=True)
    hours = request.GET.get("hours", "24")
    if hours not in map(str, CHART_HOURS) or model.category != Category.HOSTED:
        raise Http404
    return JsonResponse(figures.plotly_figure(charts.price_history(model, int(hours))), headers={"Cache-Control": "max-age=60"})


def _going_to(row: market.Row) -> int | None:
    """The id of the data center the model's requests go to now; the cheapest one, or the one that is not worth leaving."""
    offers = [offer for offer in row.offers if offer.is_available]
    site = destination.among([offer.endpoint for offer in offers], {each.site.data_center.pk: each.site for each in offers if each.site})
    return site.data_center.pk if site else None
