from django.urls import path

from studio import views

urlpatterns = [
    path("studio", views.playground, name="studio"),
    path("studio/token", views.token, name="studio_token"),
    path("studio/code", views.code, name="studio_code"),
]
