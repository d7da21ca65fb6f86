"""What managers fill in about a webhook."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from clod_site.lib import destinations
from webhooks.event_types import TYPES
from webhooks.models import Webhook

SPELLED = {"spellcheck": "false", "autocomplete": "off"}


class WebhookForm(forms.Form):
    """Where to, and what of. No event type chosen means all of them."""

    url = forms.CharField(label="Address", max_length=destinations.MOST_CHARACTERS, help_text="Events are sent there with POST.")
    description = forms.CharField(max_length=120, required=False, help_text="What it is for, such as alerts in the team's chat.")
    event_types = forms.MultipleChoiceField(
        label="Events", required=False, choices=[(kind.name, kind.name) for kind in TYPES], widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["url"].widget.attrs |= SPELLED | {"placeholder": "https://example.org/clod", "inputmode": "url"}
        self.fields["description"].widget.attrs["autocomplete"] = "off"

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"].strip()
        try:
            return destinations.checked(url, destinations.for_tenants())
        except destinations.Denied as denied:
            raise ValidationError(f"{str(denied).split('. ')[0].rstrip('.')}. Give an https:// address on the public internet.") from denied

    @property
    def abouts(self) -> list[tuple[Any, str]]:
        """Each choice with what it is about."""
        return list(zip(self["event_types"], (kind.about for kind in TYPES), strict=True))


def initial(webhook: Webhook) -> dict[str, Any]:
    return {name: getattr(webhook, name) for name in WebhookForm.base_fields}
