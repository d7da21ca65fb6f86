from django.apps import AppConfig
from django.db.models.signals import post_delete


class TeamConfig(AppConfig):
    name = "team"

    def ready(self) -> None:
        from accounts.export import organization_exported
        from accounts.leaving import account_closes, organization_closes
        from accounts.models import Membership
        from team import leaving, members, sign_ins

        sign_ins.listen()
        organization_closes.connect(leaving.on_organization_close, dispatch_uid="invitations of a closed organization")
        account_closes.connect(leaving.on_account_close, dispatch_uid="invitations and mail choices of a former user")
        organization_exported.connect(leaving.exported, dispatch_uid="invitations and audit log")
        post_delete.connect(members.on_end_of_membership, Membership, dispatch_uid="invitations of a former member")
