from typing import Any

from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from accounts.export import organization_exported
        from accounts.leaving import organization_closes
        from accounts.onboarding import organization_created
        from billing import durability, leaving, ledger  # noqa: F401  (durability registers its check)
        from clod_site.lib import ahead

        ahead.register(ledger.await_leases)
        organization_created.connect(_open_wallet, dispatch_uid="wallet")
        organization_closes.connect(leaving.on_close, dispatch_uid="automatic top-ups of a closed organization")
        organization_exported.connect(leaving.exported, dispatch_uid="statement and top-ups")


def _open_wallet(organization: Any, **_: Any) -> None:
    from billing.models import Wallet

    Wallet.objects.create(organization=organization)
