from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save, pre_save


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from allauth.account.models import EmailAddress

        from accounts import free_quota
        from accounts.models import Membership
        from accounts.onboarding import organization_created

        organization_created.connect(free_quota.on_new_organization, dispatch_uid="free requests of a new organization")
        post_save.connect(free_quota.on_address, EmailAddress, dispatch_uid="free requests of a verified address")
        post_delete.connect(free_quota.on_end_of_membership, Membership, dispatch_uid="free requests of a former member")
        pre_save.connect(free_quota.on_change_of_membership, Membership, dispatch_uid="free requests of a replaced member")
