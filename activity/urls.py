from django.urls import path

from activity import api, saved_pages, views

urlpatterns = [
    path("activity", views.request_list, name="activity"),
    path("activity/chart.json", views.chart_data, name="activity_chart"),
    path("activity.csv", views.request_export, {"form": "csv"}, name="activity_csv"),
    path("activity.jsonl", views.request_export, {"form": "jsonl"}, name="activity_jsonl"),
    path("activity/views", saved_pages.view_list, name="saved_views"),
    path("activity/views/new", saved_pages.view_new, name="saved_view_new"),
    path("activity/views/<str:public_id>", saved_pages.view_open, name="saved_view"),
    path("activity/views/<str:public_id>/edit", saved_pages.view_edit, name="saved_view_edit"),
    path("activity/views/<str:public_id>/update", saved_pages.view_update, name="saved_view_update"),
    path("activity/views/<str:public_id>/delete", saved_pages.view_delete, name="saved_view_delete"),
    path("activity/views/<str:public_id>/restore", saved_pages.view_restore, name="saved_view_restore"),
    path("activity/<str:public_id>", views.request_detail, name="activity_request"),
    path("api/activity/requests", api.request_list, name="api_activity"),
    path("api/activity/requests/<str:public_id>", api.request_detail, name="api_activity_request"),
]
