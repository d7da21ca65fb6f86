"""The operators' page for second factors: who lost theirs is let in again by removing it. Secrets are not shown."""

from typing import Any

import allauth.mfa.admin
import allauth.socialaccount.admin
import allauth.usersessions.admin  # noqa: F401  (all three register pages, which are replaced here)
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin

from clod_site.admin_pages import Page, Record

# Sessions are their owners' own, under Account and security; apps of Google and GitHub come from the environment, tokens are not kept.
admin.site.unregister((Authenticator, SocialAccount, SocialApp, SocialToken, UserSession))


@admin.register(Authenticator)
class AuthenticatorPage(Record):
    hidden = ("data",)
    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    date_hierarchy = "created_at"

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return bool(Page.has_delete_permission(self, request, obj))
