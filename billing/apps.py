from typing import Any

from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from accounts.onboarding import organization_created
        from billing import durability  # noqa: F401  (registers its check)

        organization_created.connect(_open_wallet, dispatch_uid="wallet")


def _open_wallet(organization: Any, **_: Any) -> None:
    from billing.models import Wallet

    Wallet.objects.create(organization=organization)
