from django.urls import path

from activity import api, saved_pages, usage_api, views
from activity.bodies import share_views
from activity.bodies import views as bodies

urlpatterns = [
    path("activity", views.request_list, name="activity"),
    path("activity/chart.json", views.chart_data, name="activity_chart"),
    path("activity.csv", views.request_export, {"form": "csv"}, name="activity_csv"),
    path("activity.jsonl", views.request_export, {"form": "jsonl"}, name="activity_jsonl"),
    path("activity/bodies.jsonl", bodies.body_export, name="activity_bodies"),
    path("activity/views", saved_pages.view_list, name="saved_views"),
    path("activity/views/new", saved_pages.view_new, name="saved_view_new"),
    path("activity/views/<str:public_id>", saved_pages.view_open, name="saved_view"),
    path("activity/views/<str:public_id>/edit", saved_pages.view_edit, name="saved_view_edit"),
    path("activity/views/<str:public_id>/update", saved_pages.view_update, name="saved_view_update"),
    path("activity/views/<str:public_id>/delete", saved_pages.view_delete, name="saved_view_delete"),
    path("activity/views/<str:public_id>/restore", saved_pages.view_restore, name="saved_view_restore"),
    path("activity/<str:public_id>", views.request_detail, name="activity_request"),
    path("activity/<str:public_id>/body", bodies.request_body, name="activity_body"),
    path("projects/<project:project_id>/encryption/share", share_views.share, name="bodies_share"),
    path("projects/<project:project_id>/encryption/share/bodies", share_views.bodies, name="bodies_share_bodies"),
    path("projects/<project:project_id>/encryption/share/entries", share_views.entries, name="bodies_share_entries"),
    path("api/usage", usage_api.usage, name="api_usage"),
    path("api/activity/requests", api.request_list, name="api_activity"),
    path("api/activity/requests/<str:public_id>", api.request_detail, name="api_activity_request"),
]
