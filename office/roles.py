"""Staff roles: groups of Django's, made and kept by the product. Who is staff and in none of them sees an empty admin.

After every ``migrate`` a role has exactly the permissions written here; who needs others gets a group of their own beside it.
Superusers may do everything, and alone make staff.
"""

from collections.abc import Iterable
from typing import NamedTuple

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q

VIEW, EDIT = ("view",), ("view", "add", "change", "delete")

TENANTS = ("accounts.organization", "accounts.user", "accounts.membership", "accounts.freequota", "projects.project", "projects.apikey")
PEOPLE = ("team.invitation", "team.mailchoices", "projects.recipient", "account.emailaddress", "mfa.authenticator")
WALLETS = ("billing.wallet", "billing.ledgerentry", "billing.hold", "billing.platformloss", "billing.ledgercheck")
COUNTS = ("billing.budgetperiod", "billing.budgetalert", "billing.freequotaday")
PAYMENTS = ("billing.topup", "billing.paymentevent", "billing.autotopup")
CALLS = ("activity.request", "billing.attempt")
STUDIO = ("activity.savedview", "studio.studiotoken", "studio.studiopreset")
CATALOG = ("catalog.model", "catalog.endpoint", "catalog.provider", "catalog.datacenter")
PRICES = ("catalog.pricetick", "catalog.deliveredprice", "catalog.energyprice", "catalog.energyhour", "catalog.catalogversion")
JOBS = ("catalog.pricejob", "office.jobrun")
AUDIT = ("team.auditevent",)
WEBHOOKS = ("webhooks.webhook", "webhooks.event", "webhooks.delivery")


class Role(NamedTuple):
    """``may`` are permissions as ``app.codename``."""

    name: str
    purpose: str
    may: frozenset[str]


def _to(deeds: Iterable[str], *groups: Iterable[str]) -> frozenset[str]:
    models = [model.split(".") for group in groups for model in group]
    return frozenset(f"{app}.{deed}_{model}" for deed in deeds for app, model in models)


SUPPORT = Role(
    "Support",
    "reads everything about tenants, their calls and their money, and changes nothing",
    _to(VIEW, TENANTS, PEOPLE, WALLETS, COUNTS, PAYMENTS, CALLS, STUDIO, WEBHOOKS, CATALOG, PRICES, JOBS, AUDIT),
)
FINANCE = Role(
    "Finance",
    "reads money, calls and prices, credits wallets by hand and takes back",
    _to(VIEW, TENANTS, WALLETS, COUNTS, PAYMENTS, CALLS, CATALOG, PRICES, JOBS, AUDIT) | {"billing.credit_wallet"},
)
OPERATOR = Role(
    "Operator",
    "edits the catalog, takes endpoints out of service, suspends organizations, revokes API keys, watches jobs",
    _to(EDIT, CATALOG)
    | _to(VIEW, TENANTS, WALLETS, CALLS, PRICES, JOBS, AUDIT)
    | {"accounts.suspend_organization", "projects.change_apikey"},
)
ALL = (SUPPORT, FINANCE, OPERATOR)


@transaction.atomic
def ensure() -> None:
    """Make the groups that are missing, and give each exactly its permissions; those of apps not migrated yet come the next time."""
    for role in ALL:
        group, _ = Group.objects.get_or_create(name=role.name)
        group.permissions.set(_permissions(role.may))


def _permissions(names: Iterable[str]) -> list[Permission]:
    wanted = Q()
    for app, codename in (name.split(".") for name in names):
        wanted |= Q(content_type__app_label=app, codename=codename)
    return list(Permission.objects.filter(wanted))
