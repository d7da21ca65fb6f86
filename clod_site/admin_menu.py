"""The admin's menu: what operators come for first, and under the names they know."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

_GROUPS = {
    "Tenants": ("Organization", "User", "Membership", "Invitation", "Project", "ApiKey"),
    "Catalog": ("Model", "Endpoint", "Provider", "DataCenter"),
    "Money": ("Wallet", "LedgerEntry", "Hold", "BudgetPeriod", "BudgetAlert", "FreeQuotaDay", "PlatformLoss", "LedgerCheck"),
    "Payments": ("TopUp", "PaymentEvent", "AutoTopUp"),
    "Traffic": ("Request", "Attempt", "SavedView", "StudioToken", "StudioPreset"),
    "Webhooks": ("Webhook", "Event", "Delivery"),
    "Health": ("JobRun", "PriceJob"),
    "Prices": ("PriceTick", "DeliveredPrice", "EnergyPrice", "EnergyHour", "CatalogVersion"),
    "Staff": ("Group", "EmailAddress", "Authenticator", "LogEntry", "AuditEvent", "MailChoices"),
}


def groups(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of which the operator may see something; tables nobody has sorted in come last."""
    models = {model["object_name"]: model for app in admin.site.get_app_list(request) for model in app["models"]}
    sorted_in = {name for names in _GROUPS.values() for name in names}
    menu = _GROUPS | {"Other": tuple(name for name in models if name not in sorted_in)}
    found = {title: [_item(models[name]) for name in names if name in models] for title, names in menu.items()}
    return [{"title": title, "separator": bool(number), "items": items} for number, (title, items) in enumerate(found.items()) if items]


def _item(model: dict[str, Any]) -> dict[str, Any]:
    return {"title": model["name"], "link": model["admin_url"]}
