"""The price API as DRF endpoints: the same answers, for any server and for the schema."""

from collections.abc import Callable, Sequence
from typing import Any, cast

from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request

from catalog.price_book.span import STEPS
from clod_site.lib.described import ErrorSerializer
from gateway import prices
from gateway.prices.serializers import PriceHistorySerializer, PricesSerializer
from gateway.views import Get, Page

DATA_CENTER = OpenApiParameter("data_center", str, many=True, description="A data center's slug, such as dfw; may be there several times.")
FORMAT = OpenApiParameter("format", str, enum=["json", "csv"], description="Without it the Accept header decides; JSON otherwise.")
PRICES_NOW = (
    OpenApiParameter(
        "model", str, many=True, description="A model by any of its names, with all its endpoints; may be there several times."
    ),
    DATA_CENTER,
    FORMAT,
)
PRICE_HISTORY = (
    OpenApiParameter("model", str, required=True, description="A hosted model, by any of its names."),
    DATA_CENTER,
    OpenApiParameter(
        "from", str, description="An instant with its time zone, a day, or -24h, -90m, -7d; 24 hours before the end without it."
    ),
    OpenApiParameter("to", str, description="The same; not in the answer. At most, and without it, the end of the newest interval."),
    OpenApiParameter("step", str, enum=list(STEPS), description="The finest with at most 300 steps without it."),
    FORMAT,
)


class PublicPage(Page):
    """For anybody: a key is neither needed nor looked at."""

    authentication_classes = ()

    def _get(self, request: Request, **arguments: str) -> HttpResponseBase:
        self.call.address = request.META["REMOTE_ADDR"]
        self.call.header = lambda name: request.headers.get(name, "")
        return super()._get(request, **arguments)


def _published(operation: str, serializer: Any, parameters: Sequence[OpenApiParameter]) -> Callable[[Get], Get]:
    answers: dict[Any, Any] = {(200, "application/json"): serializer, (200, "text/csv"): str}
    answers[304] = OpenApiResponse(description="It has not changed since.")
    answers |= dict.fromkeys((400, 404, 429, 503), ErrorSerializer)
    return cast("Callable[[Get], Get]", extend_schema(operation_id=operation, parameters=list(parameters), responses=answers))


class PricesNow(PublicPage):
    answer = prices.now

    @_published("get_prices_now", PricesSerializer, PRICES_NOW)
    def get(self, request: Request) -> HttpResponseBase:
        """Electricity at every data center, the reference price of the day, and every model's price where its requests go."""
        return self._get(request)


class PriceHistory(PublicPage):
    answer = prices.history

    @_published("get_price_history", PriceHistorySerializer, PRICE_HISTORY)
    def get(self, request: Request) -> HttpResponseBase:
        """A hosted model's prices over time, at each data center and where its requests went."""
        return self._get(request)
