"""Every address of the site. The gateway's own (/v1) are answered before Django by the fast lane, see gateway/connection.py."""

from allauth.urls import build_provider_urlpatterns
from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", include("catalog.urls")),
    path("", include("accounts.urls")),
    path("", include("team.urls")),
    path("", include("webhooks.urls")),
    path("", include("projects.urls")),
    path("", include("billing.urls")),
    path("", include("activity.urls")),
    path("", include("studio.urls")),
    path("", include("gateway.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
]
if settings.SOCIALACCOUNT_PROVIDERS:
    urlpatterns += [
        path("accounts/3rdparty/", include("allauth.socialaccount.urls")),
        path("accounts/", include(build_provider_urlpatterns())),
    ]

handler400 = "clod_site.refusals.bad_request"
handler403 = "clod_site.refusals.permission_denied"
handler404 = "clod_site.refusals.page_not_found"
handler500 = "clod_site.refusals.server_error"
