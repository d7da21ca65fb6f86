"""How allauth signs people up here: an e-mail address, and a personal organization to work in."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse

from accounts import onboarding
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        with transaction.atomic():
            saved: User = super().save_user(request, user, form, commit)
            if commit:
                onboarding.create_personal_organization(saved)
        return saved

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        """Somebody new goes to their first call, not to a table of models."""
        return reverse("first_steps")
