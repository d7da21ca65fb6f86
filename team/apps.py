from django.apps import AppConfig
from django.db.models.signals import post_delete


class TeamConfig(AppConfig):
    name = "team"

    def ready(self) -> None:
        from accounts.models import Membership
        from team import members, sign_ins

        sign_ins.listen()
        post_delete.connect(members.on_end_of_membership, Membership, dispatch_uid="invitations of a former member")
