from django.urls import path

from activity import api, views

urlpatterns = [
    path("activity", views.request_list, name="activity"),
    path("activity/chart.json", views.chart_data, name="activity_chart"),
    path("activity.csv", views.request_export, {"form": "csv"}, name="activity_csv"),
    path("activity.jsonl", views.request_export, {"form": "jsonl"}, name="activity_jsonl"),
    path("activity/<str:public_id>", views.request_detail, name="activity_request"),
    path("api/activity/requests", api.request_list, name="api_activity"),
    path("api/activity/requests/<str:public_id>", api.request_detail, name="api_activity_request"),
]
