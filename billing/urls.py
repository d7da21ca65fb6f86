from django.urls import path

from billing import alert_views, top_up_api, top_up_views, views, webhooks

urlpatterns = [
    path("billing", views.overview, name="billing"),
    path("billing/alerts/<int:alert_id>/dismiss", alert_views.dismiss, name="dismiss_alert"),
    path("billing/statement.csv", views.statement_csv, name="billing_statement_csv"),
    path("billing/top-ups", top_up_views.history, name="top_ups"),
    path("billing/top-ups/order", top_up_views.order, name="order_top_up"),
    path("billing/top-ups/automatic", top_up_views.automatic, name="automatic_top_up"),
    path("billing/top-ups/<str:public_id>", top_up_views.detail, name="top_up"),
    path("billing/top-ups/<str:public_id>/cancelled", top_up_views.cancelled, name="top_up_cancelled"),
    path("billing/top-ups/<str:public_id>/receipt", top_up_views.receipt, name="receipt"),
    path("api/billing/top-ups", top_up_api.top_ups, name="api_top_ups"),
    path("api/billing/top-ups/<str:public_id>", top_up_api.top_up, name="api_top_up"),
    path("webhooks/stripe", webhooks.stripe, name="stripe_webhook"),
]
