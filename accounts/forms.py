"""What members may change about themselves and their organization."""

from zoneinfo import available_timezones

from django import forms

from accounts.models import Organization, User


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("name",)
        labels = {"name": "Your name"}  # noqa: RUF012
        help_texts = {"name": "What the other members see beside your e-mail address."}  # noqa: RUF012


class OrganizationForm(forms.ModelForm):  # type: ignore[type-arg]
    time_zone = forms.ChoiceField(
        choices=lambda: [(zone, zone.replace("_", " ")) for zone in sorted(available_timezones() - {"localtime"})],
        help_text="Days and months of free requests and project caps begin at midnight of this zone.",
    )

    class Meta:
        model = Organization
        fields = ("name", "time_zone", "pays_after_free_quota")
        labels = {"name": "Organization name", "pays_after_free_quota": "Keep free models running from the wallet"}  # noqa: RUF012
