"""What people fill in about members, invitations and mails."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import Organization, Role
from team.models import MailChoices
from team.roles import CHOICES


class InviteForm(forms.Form):
    email = forms.EmailField(label="E-mail", help_text="They get a link that works once, for seven days.")
    role = forms.ChoiceField(choices=CHOICES, initial=Role.DEVELOPER.value, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget.attrs["autocomplete"] = "off"

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        return email


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=CHOICES, widget=forms.RadioSelect)


class TransferForm(forms.Form):
    """The organization's name, typed, so that nobody gives the wrong one away."""

    typed_name = forms.CharField(label="Type the organization's name to confirm", widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization

    def clean_typed_name(self) -> str:
        typed: str = self.cleaned_data["typed_name"]
        if typed != self.organization.name.strip():
            raise ValidationError(f"That is not the name. Type {self.organization.name} exactly.")
        return typed


class MailForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = MailChoices
        fields = ("budget_alerts", "low_wallet", "webhooks", "product_news")
