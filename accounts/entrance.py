"""The forms at the entrance. A password is possible and needed nowhere; a code is typed without reaching for the mouse."""

from typing import Any
from uuid import uuid4

from allauth.account import forms
from allauth.mfa.base.forms import AuthenticateForm
from django.db import transaction
from django.http import HttpRequest

from accounts import onboarding
from accounts.models import User


class LoginForm(forms.LoginForm):  # type: ignore[misc]  # allauth comes without types
    """Without a password, the address gets a code to log in with."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["password"].required = False
        _say_it_once(self, "login", "password")


class SignupForm(forms.SignupForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        _say_it_once(self, "email", "password1")

    def try_save(self, request: HttpRequest) -> Any:
        """A taken address answers no sooner than a new one, for which a password is hashed and an organization made."""
        if self.account_already_exists:
            _make_nobody(self.cleaned_data.get("password1"))
        return super().try_save(request)


@transaction.atomic
def _make_nobody(password: str | None) -> None:
    """All that a sign-up does, undone."""
    onboarding.create_personal_organization(User.objects.create_user(f"{uuid4()}@nobody.invalid", password or None))
    transaction.set_rollback(True)


class _CodeForm:
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["code"].widget.attrs["autofocus"] = True  # type: ignore[attr-defined]  # of the form it is mixed into
        _say_it_once(self, "code")


class ConfirmLoginCodeForm(_CodeForm, forms.ConfirmLoginCodeForm):  # type: ignore[misc]
    pass


class ConfirmEmailForm(_CodeForm, forms.ConfirmEmailVerificationCodeForm):  # type: ignore[misc]
    pass


class SecondFactorForm(_CodeForm, AuthenticateForm):  # type: ignore[misc]
    pass


def _say_it_once(form: Any, *names: str) -> None:
    """The label does; allauth repeats it as a placeholder."""
    for name in names:
        if name in form.fields:
            form.fields[name].widget.attrs.pop("placeholder", None)
