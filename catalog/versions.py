"""The catalog's version: counted up in the transaction that changes what the gateway routes by."""

from django.db.models import F

from catalog.models import CatalogVersion

_ROW = 1


def bump() -> None:
    """Tell every gateway process to load the catalog again once this transaction is committed."""
    if not CatalogVersion.objects.filter(pk=_ROW).update(number=F("number") + 1):
        CatalogVersion.objects.get_or_create(pk=_ROW)
        CatalogVersion.objects.filter(pk=_ROW).update(number=F("number") + 1)


def lock() -> None:
    """Wait for, and keep out until commit, everybody else who changes the catalog as a whole."""
    CatalogVersion.objects.get_or_create(pk=_ROW)
    CatalogVersion.objects.select_for_update().get(pk=_ROW)


def current() -> int:
    """The version now, 0 before anything was loaded. One cheap query."""
    return CatalogVersion.objects.filter(pk=_ROW).values_list("number", flat=True).first() or 0
