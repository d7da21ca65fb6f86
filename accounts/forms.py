"""What members may change about themselves and their organization."""

from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.db import transaction

from accounts import zones
from accounts.models import Organization, User
from clod_site.lib import clock


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("name",)
        labels = {"name": "Your name"}  # noqa: RUF012
        help_texts = {"name": "What the other members see beside your e-mail address."}  # noqa: RUF012


class OrganizationForm(forms.ModelForm):  # type: ignore[type-arg]
    time_zone = forms.ChoiceField(
        choices=lambda: [(zone, zone.replace("_", " ")) for zone in sorted(available_timezones() - {"localtime"})],
        help_text="Days and months, of free requests and of the caps of projects and keys, begin at midnight of this zone.",
    )

    field_order = ("name", "time_zone", "pays_after_free_quota")

    class Meta:
        model = Organization
        fields = ("name", "pays_after_free_quota")
        labels = {"name": "Organization name", "pays_after_free_quota": "Keep free models running from the wallet"}  # noqa: RUF012

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["time_zone"]
        field.initial = self.instance.zone_now
        if reason := zones.why_not(self.instance, clock.now()):
            field.required, field.help_text = False, reason
            field.widget.attrs["disabled"] = True

    @transaction.atomic
    def save_at(self, now: datetime) -> datetime | None:
        """Save what the form shows and nothing else; the instant a change of zone takes effect. Raises ``zones.TooSoon``."""
        zone = self.cleaned_data["time_zone"] or self.instance.zone_now
        changes_at = zones.change(self.instance.pk, zone, now) if zone != self.instance.zone_now else None
        self.instance.save(update_fields=self._meta.fields)
        return changes_at


class DeleteAccountForm(forms.Form):
    typed_address = forms.EmailField(label="Type your address to delete the account")

    def __init__(self, user: User, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user

    def clean_typed_address(self) -> str:
        typed: str = self.cleaned_data["typed_address"]
        if typed.lower() != self.user.email.lower():
            raise forms.ValidationError(f"That is not the address of this account, {self.user.email}.")
        return typed
