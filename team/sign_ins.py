"""What people change about how they sign in, heard from allauth: an event in each of their organizations."""

from collections.abc import Callable
from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.socialaccount import signals as social
from django.dispatch import Signal
from django.http import HttpRequest

from accounts.models import User
from accounts.signals import organization_changed
from team import audit

Naming = Callable[[dict[str, Any]], str]


def listen() -> None:
    """Connect to all of it."""
    for signal, deed in (
        (account.user_logged_in, "log_in"),
        (account.password_set, "password_set"),
        (account.password_changed, "password_changed"),
        (account.password_reset, "password_reset"),
    ):
        _tell(signal, deed, lambda _: "")
    for signal, deed in ((account.email_added, "address_added"), (account.email_removed, "address_removed")):
        _tell(signal, deed, lambda said: str(said["email_address"].email))
    _tell(account.email_changed, "address_changed", lambda said: str(said["to_email_address"].email))
    for signal, deed in (
        (mfa.authenticator_added, "factor_added"),
        (mfa.authenticator_removed, "factor_removed"),
        (mfa.authenticator_reset, "factor_renewed"),
    ):
        _tell(signal, deed, lambda said: str(said["authenticator"].get_type_display()))
    _tell(social.social_account_added, "account_connected", lambda said: str(said["sociallogin"].account.provider))
    _tell(social.social_account_removed, "account_disconnected", lambda said: str(said["socialaccount"].provider))
    organization_changed.connect(_on_change, dispatch_uid="audit settings")


def _tell(signal: Signal, deed: str, name: Naming) -> None:
    def hear(request: HttpRequest, user: User | None = None, **said: Any) -> None:
        whose = user or _owner(said)
        if whose is not None:
            audit.record_everywhere(request, whose, f"sign_in.{deed}", name(said))

    signal.connect(hear, weak=False, dispatch_uid=f"audit {deed}")


def _owner(said: dict[str, Any]) -> User | None:
    """Signals about other accounts name the person only through them."""
    account = said.get("socialaccount") or getattr(said.get("sociallogin"), "account", None)
    return getattr(account, "user", None)


def _on_change(request: HttpRequest, organization: Any, deed: str, changes: dict[str, tuple[Any, Any]] | None, **_: Any) -> None:
    before, after = ({name: pair[side] for name, pair in (changes or {}).items()} for side in (0, 1))
    told = audit.changed(before, after) if changes is not None else None
    audit.record(request, f"settings.{deed}", organization, organization=organization, changes=told)
