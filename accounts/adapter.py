"""How allauth works here: who gets an organization, what counts as a second proof, and how its secrets are kept."""

import logging
from contextlib import suppress
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as now
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse

from accounts import onboarding, reauthentication
from accounts.models import User
from clod_site.lib import crypto

log = logging.getLogger("clod.accounts")
WAYS = {  # to prove once more that it is you, by allauth's names
    "mfa_reauthenticate:webauthn": "Use a passkey",
    "reauthenticate": "Use your password",
    "mfa_reauthenticate": "Use a code of your app, or a recovery code",
}


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

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Raises ImmediateHttpResponse, with a page that says it, when the mail server does not take it."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as reason:
            log.error("A mail (%s) could not be sent: %s", template_prefix, type(reason).__name__)
            raise ImmediateHttpResponse(render(now.request, "account/mail_failed.html", status=503)) from None

    def send_notification_mail(self, template_prefix: str, user: User, context: Any = None, email: str | None = None) -> None:
        """To the user's address, also where an operator made the account and allauth knows no address of it."""
        with suppress(ImmediateHttpResponse):  # what it tells of is done
            super().send_notification_mail(template_prefix, user, context, email or user.email)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The easiest first. Who has neither a password nor a second factor proves by a code to their address that it is them."""
        methods = [{**way, "description": WAYS[way["id"]]} for way in super().get_reauthentication_methods(user)]
        methods.sort(key=lambda way: list(WAYS).index(way["id"]))
        return methods if methods or not user.is_authenticated else [reauthentication.method()]

    def is_reauthentication_required(self, *, app: str, **options: Any) -> bool:
        required: bool = super().is_reauthentication_required(app=app, **options)
        if required:
            reauthentication.require_code(now.request)
        return required


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of authenticator apps and recovery codes are encrypted at rest, with CLOD_ENCRYPTION_KEYS."""

    def encrypt(self, text: str) -> str:
        return crypto.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return crypto.decrypt(encrypted_text)

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        return "Passkey"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": "CLōD"}


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        user.name = (data.get("name") or "")[:120]
        return user

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        with transaction.atomic():
            user: User = super().save_user(request, sociallogin, form)
            if not user.memberships.exists():
                onboarding.create_personal_organization(user)
        return user
