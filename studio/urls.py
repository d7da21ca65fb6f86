from django.urls import path

from studio import preset_views, views

urlpatterns = [
    path("studio", views.playground, name="studio"),
    path("studio/token", views.token, name="studio_token"),
    path("studio/code", views.code, name="studio_code"),
    path("studio/answer", views.answer_html, name="studio_answer"),
    path("studio/presets", preset_views.preset_list, name="studio_presets"),
    path("studio/presets/save", preset_views.preset_save, name="studio_preset_create"),
    path("studio/presets/<str:public_id>/save", preset_views.preset_save, name="studio_preset_save"),
    path("studio/presets/<str:public_id>/change", preset_views.preset_change, name="studio_preset_change"),
    path("studio/presets/<str:public_id>/delete", preset_views.preset_delete, name="studio_preset_delete"),
    path("studio/presets/<str:public_id>/restore", preset_views.preset_restore, name="studio_preset_restore"),
]
