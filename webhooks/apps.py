from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save


class WebhooksConfig(AppConfig):
    name = "webhooks"

    def ready(self) -> None:
        from accounts.export import organization_exported
        from accounts.leaving import organization_closes
        from accounts.models import Membership
        from webhooks import leaving, members

        organization_closes.connect(leaving.on_close, dispatch_uid="webhooks of a closed organization")
        organization_exported.connect(leaving.exported, dispatch_uid="webhooks and deliveries")
        post_save.connect(members.on_membership, Membership, dispatch_uid="webhooks hear of a new member")
        post_delete.connect(members.on_end_of_membership, Membership, dispatch_uid="webhooks hear of a former member")
