from django.urls import path

from catalog.pages import price_views, views

urlpatterns = [
    path("models", views.model_list, name="models"),
    path("models/compare", views.model_compare, name="model_compare"),
    path("models/compare/prices.json", price_views.compared_prices, name="compared_prices"),
    path("models/<slug:slug>", views.model_detail, name="model"),
    path("models/<slug:slug>/prices", price_views.model_table, name="model_table"),
    path("models/<slug:slug>/prices.csv", price_views.model_csv, name="model_csv"),
    path("models/<slug:slug>/prices.json", price_views.model_prices, name="model_prices"),
]
