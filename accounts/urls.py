from django.conf import settings
from django.urls import path

from accounts import views

urlpatterns = [
    path("", views.landing, name="landing"),
    path("docs", views.docs, name="docs"),
    path("docs/<slug:slug>", views.docs, name="docs_page"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("frame/facts", views.facts, name="facts"),
    path("theme", views.choose_theme, name="choose_theme"),
    path("organization/choose", views.choose_organization, name="choose_organization"),
    path("settings", views.settings_page, name="settings"),
    path("settings/organization", views.change_organization, name="change_organization"),
    path("settings/time-zone/keep", views.keep_time_zone, name="keep_time_zone"),
    path("settings/free-requests", views.bring_free_requests, name="bring_free_requests"),
    path("settings/profile", views.change_profile, name="change_profile"),
]
if settings.DEBUG or settings.TESTING:
    urlpatterns.append(path("styleguide", views.styleguide, name="styleguide"))
