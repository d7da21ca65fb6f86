from django.conf import settings
from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from gateway.views import ChatCompletions

urlpatterns = [
    path("api/v1/chat/completions", ChatCompletions.as_view(), name="chat_completions"),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api_docs"),
]
if not settings.CLOD_FAST_LANE:
    urlpatterns.append(path("v1/chat/completions", ChatCompletions.as_view()))
