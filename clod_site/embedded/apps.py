from django.apps import AppConfig


class EmbeddedConfig(AppConfig):
    name = "clod_site.embedded"
    label = "embedded"
