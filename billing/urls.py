from django.urls import path

from billing import views

urlpatterns = [
    path("billing", views.overview, name="billing"),
    path("billing/test-money", views.add_test_money, name="billing_test_money"),
]
