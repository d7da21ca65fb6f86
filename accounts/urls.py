from allauth.account.views import confirm_email, password_set
from django.conf import settings
from django.urls import path
from django.views.generic import RedirectView

from accounts import leaving_views, reauthentication, security_views, views

to_security = RedirectView.as_view(pattern_name="security")

urlpatterns = [
    path("", views.landing, name="landing"),
    path("docs", views.docs, name="docs"),
    path("docs/encryption/clod-logs", views.clod_logs, name="clod_logs"),
    path("docs/<slug:slug>", views.docs, name="docs_page"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("frame/facts", views.facts, name="facts"),
    path("theme", views.choose_theme, name="choose_theme"),
    path("organization/start", views.start_organization, name="start_organization"),
    path("organization/choose", views.choose_organization, name="choose_organization"),
    path("settings", views.settings_page, name="settings"),
    path("settings/organization", views.change_organization, name="change_organization"),
    path("settings/time-zone/keep", views.keep_time_zone, name="keep_time_zone"),
    path("settings/free-requests", views.bring_free_requests, name="bring_free_requests"),
    path("settings/profile", views.change_profile, name="change_profile"),
    path("settings/security", security_views.security, name="security"),
    path("settings/devices/<int:device_id>/end", security_views.end_device, name="end_device"),
    path("settings/devices/others/end", security_views.end_other_devices, name="end_other_devices"),
    path("settings/export", leaving_views.export_page, name="export"),
    path("settings/export/data.zip", leaving_views.export_file, name="export_file"),
    path("settings/delete-account", leaving_views.delete_account, name="delete_account"),
    path("accounts/reauthenticate/code/", security_views.ReauthenticateByCodeView.as_view(), name="reauthenticate_by_code"),
    # allauth's own, where ours says more or asks first
    path("accounts/2fa/", to_security),
    path("accounts/2fa/webauthn/", to_security),
    path("accounts/password/set/", reauthentication.required(password_set)),
    path("accounts/confirm-email/<str:key>/", confirm_email, name="account_confirm_email"),  # links that were mailed before codes were
]
if not settings.PRODUCTION:
    urlpatterns.append(path("styleguide", views.styleguide, name="styleguide"))
