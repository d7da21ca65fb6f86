from django.urls import path, register_converter

from webhooks import addresses, deed_views, delivery_views, views

register_converter(addresses.WebhookAddress, "webhook")
register_converter(addresses.DeliveryAddress, "delivery")

_ALL = "settings/webhooks"
_ONE = f"{_ALL}/<webhook:webhook_id>"
_DELIVERY = f"{_ONE}/deliveries/<delivery:delivery_id>"

urlpatterns = [
    path(_ALL, views.webhook_list, name="webhooks"),
    path(f"{_ALL}/new", views.webhook_new, name="webhook_new"),
    path(_ONE, views.webhook_detail, name="webhook"),
    path(f"{_ONE}/edit", views.webhook_edit, name="webhook_edit"),
    path(f"{_ONE}/rotate", views.webhook_rotate, name="webhook_rotate"),
    path(f"{_ONE}/delete", views.webhook_delete, name="webhook_delete"),
    path(f"{_ONE}/disable", deed_views.webhook_disable, name="webhook_disable"),
    path(f"{_ONE}/enable", deed_views.webhook_enable, name="webhook_enable"),
    path(f"{_ONE}/test", deed_views.webhook_test, name="webhook_test"),
    path(f"{_ONE}/again", deed_views.webhook_all_again, name="webhook_all_again"),
    path(_DELIVERY, delivery_views.delivery_detail, name="delivery"),
    path(f"{_DELIVERY}/again", delivery_views.delivery_again, name="delivery_again"),
]
