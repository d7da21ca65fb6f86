from django.urls import path, register_converter

from projects import addresses, encryption_views, key_deed_views, key_views, recipient_views, views

register_converter(addresses.ProjectAddress, "project")
register_converter(addresses.KeyAddress, "key")
register_converter(addresses.RecipientAddress, "recipient")

_ENCRYPTION = "projects/<project:project_id>/encryption"
_RECIPIENT = f"{_ENCRYPTION}/recipients/<recipient:recipient_id>"

urlpatterns = [
    path("projects", views.project_list, name="project_list"),
    path("projects/new", views.project_create, name="project_create"),
    path("projects/<project:project_id>", views.project_overview, name="project_overview"),
    path("projects/<project:project_id>/keys", views.project_keys, name="project_keys"),
    path("projects/<project:project_id>/models", views.project_models, name="project_models"),
    path("projects/<project:project_id>/budgets", views.project_budgets, name="project_budgets"),
    path(_ENCRYPTION, encryption_views.project_encryption, name="project_encryption"),
    path(f"{_ENCRYPTION}/switch", encryption_views.encryption_switch, name="encryption_switch"),
    path(f"{_ENCRYPTION}/recipients/new", recipient_views.recipient_new, name="recipient_new"),
    path(f"{_RECIPIENT}/prove", recipient_views.recipient_prove, name="recipient_prove"),
    path(f"{_RECIPIENT}/revoke", recipient_views.recipient_revoke, name="recipient_revoke"),
    path(f"{_RECIPIENT}/remove", recipient_views.recipient_remove, name="recipient_remove"),
    path("projects/<project:project_id>/settings", views.project_settings, name="project_settings"),
    path("projects/<project:project_id>/members", views.project_members, name="project_members"),
    path("projects/<project:project_id>/archive", views.project_archive, name="project_archive"),
    path("projects/<project:project_id>/restore", views.project_restore, name="project_restore"),
    path("keys", key_views.key_list, name="key_list"),
    path("keys/new", key_views.key_generate, name="key_generate"),
    path("keys/<key:key_id>", key_views.key_detail, name="key_detail"),
    path("keys/<key:key_id>/name", key_deed_views.key_rename, name="key_rename"),
    path("keys/<key:key_id>/disable", key_deed_views.key_disable, name="key_disable"),
    path("keys/<key:key_id>/enable", key_deed_views.key_enable, name="key_enable"),
    path("keys/<key:key_id>/restrictions", key_views.key_bounds, name="key_bounds"),
    path("keys/<key:key_id>/rotate", key_deed_views.key_rotate, name="key_rotate"),
    path("keys/<key:key_id>/revoke", key_deed_views.key_revoke, name="key_revoke"),
    path("keys/<key:key_id>/arrival", key_views.key_arrival, name="key_arrival"),
    path("welcome", key_views.first_steps, name="first_steps"),
]
