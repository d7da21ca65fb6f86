"""What the operators' pages of the catalog share: whatever is saved reaches the gateway within a second, it counts the version up."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from catalog import key_hosts, prices, versions
from clod_site.admin_pages import Page
from clod_site.lib import clock


class CatalogPage(Page):
    def guard(self, request: HttpRequest, object_id: str | None) -> Callable[[], list[str]]:
        return key_hosts.Guard(is_superuser=bool(getattr(request.user, "is_superuser", False))).complaints

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        versions.bump()
        prices.price_endpoints(clock.now())

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        versions.bump()

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        super().delete_queryset(request, queryset)
        versions.bump()
