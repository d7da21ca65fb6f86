from django.conf import settings
from django.urls import URLPattern, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from gateway import service_page, studio_views, views
from gateway.prices import views as price_views


def _at(prefix: str) -> list[URLPattern]:
    """The gateway's addresses; ``gateway.door`` answers the same ones in the fast lane."""
    return [
        path(f"{prefix}/chat/completions", views.ChatCompletions.as_view()),
        path(f"{prefix}/completions", views.Completions.as_view()),
        path(f"{prefix}/embeddings", views.Embeddings.as_view()),
        path(f"{prefix}/models", views.Models.as_view()),
        path(f"{prefix}/models/<path:name>", views.OneModel.as_view()),
        path(f"{prefix}/providers/models", views.Offers.as_view()),
        path(f"{prefix}/key", views.Key.as_view()),
        path(f"{prefix}/requests", views.Requests.as_view()),
        path(f"{prefix}/usage", views.Usage.as_view()),
        path(f"{prefix}/prices/now", price_views.PricesNow.as_view()),
        path(f"{prefix}/prices", price_views.PriceHistory.as_view()),
        path(f"{prefix}/requests/<str:public_id>", views.OneRequest.as_view()),
    ]


urlpatterns = [
    *_at("api/v1"),
    *([] if settings.CLOD_FAST_LANE else _at("v1")),
    path("status", service_page.page, name="status"),
    path("status.json", service_page.as_json, name="status_json"),
    path("studio/quote", studio_views.quote, name="studio_quote"),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api_docs"),
]
