"""Staff of each role, and what the table of roles lets them do. The table is docs/admin.md's, written down once more."""

from typing import Any

from django.contrib.auth.models import Group

from accounts.models import User
from office import roles
from tests.people import person

TENANTS = {"Organization", "User", "Membership", "Project", "ApiKey"}
PEOPLE = {"Invitation", "MailChoices", "EmailAddress", "Authenticator"}
WALLETS = {"Wallet", "LedgerEntry", "Hold", "PlatformLoss", "LedgerCheck"}
COUNTS = {"BudgetPeriod", "BudgetAlert", "FreeQuotaDay"}
PAYMENTS = {"TopUp", "PaymentEvent", "AutoTopUp"}
CALLS = {"Request", "Attempt"}
STUDIO = {"SavedView", "StudioToken", "StudioPreset"}
CATALOG = {"Model", "Endpoint", "Provider", "DataCenter"}
PRICES = {"PriceTick", "DeliveredPrice", "EnergyPrice", "EnergyHour", "CatalogVersion"}
JOBS = {"PriceJob", "JobRun"}
AUDIT = {"AuditEvent"}
WEBHOOKS = {"Webhook", "Event", "Delivery"}
SUPERUSERS_ALONE = {"Group", "LogEntry"}

READS = {
    "Support": TENANTS | PEOPLE | WALLETS | COUNTS | PAYMENTS | CALLS | STUDIO | WEBHOOKS | CATALOG | PRICES | JOBS | AUDIT,
    "Finance": TENANTS | WALLETS | COUNTS | PAYMENTS | CALLS | CATALOG | PRICES | JOBS | AUDIT,
    "Operator": TENANTS | WALLETS | CALLS | CATALOG | PRICES | JOBS | AUDIT,
}
EDITS: dict[str, set[str]] = {"Support": set(), "Finance": set(), "Operator": CATALOG}


def member(role: str = "", name: str = "", **fields: Any) -> User:
    """Somebody of the staff, in one role or in none."""
    roles.ensure()  # a test with real commits before this one has emptied the table
    user = person(name or (role or "newcomer").lower(), is_staff=True, **fields)
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user
