"""Wiring: settings, URLs, the ASGI entry, background jobs."""

from clod_site.celery import app as celery_app

__all__ = ["celery_app"]
