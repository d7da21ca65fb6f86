"""The forms at the entrance. A password is possible and needed nowhere; a code is typed without reaching for the mouse."""

from typing import Any

from allauth.account import forms
from allauth.mfa.base.forms import AuthenticateForm
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest


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
        """A taken address answers no sooner than a new one, whose password has to be hashed."""
        if self.account_already_exists and (password := self.cleaned_data.get("password1")):
            make_password(password)
        return super().try_save(request)


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
