from django.urls import path

from catalog import views

urlpatterns = [
    path("models", views.model_list, name="models"),
    path("models/<slug:slug>", views.model_detail, name="model"),
    path("models/<slug:slug>/prices.json", views.model_prices, name="model_prices"),
]
