"""What owners and admins fill in on a project's Encryption page."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from projects.encryption import recipients
from projects.encryption.switching import Change, Wanted
from projects.forms import StampedForm
from projects.models import BodyLogging

MOST_DAYS = 365
MODES = (
    (BodyLogging.OFF, "Off: nothing that is said is stored"),
    (BodyLogging.PLAIN, "Plain: stored as it is, readable for every member"),
    (BodyLogging.SEALED, "Sealed: readable only with a private key that we never see"),
)


class LoggingForm(StampedForm):
    """How bodies are to be stored, and for how long."""

    body_logging = forms.ChoiceField(label="Prompts and answers", choices=MODES, widget=forms.RadioSelect)
    body_days = forms.IntegerField(
        label="Delete after", min_value=1, max_value=MOST_DAYS, help_text=f"1 to {MOST_DAYS} days. Deleted ones cannot be brought back."
    )

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.cleaned_data["body_logging"], self.cleaned_data["body_days"])


class SwitchForm(forms.Form):
    """What becomes of old bodies, where a change leaves that open."""

    old = forms.ChoiceField(label="And those that are stored already?", widget=forms.RadioSelect)

    def __init__(self, change: Change, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if change.choices:
            self.fields["old"].choices = change.choices  # type: ignore[attr-defined]
        else:
            del self.fields["old"]


class Unshown(forms.Textarea):
    """What was sent in it is not written into a page again: somebody may have given a private key."""

    def format_value(self, value: Any) -> str:
        return ""


class RecipientForm(forms.Form):
    """A public key, and what to call it. Cleaned, ``jwk`` is a dictionary of its public members."""

    name = forms.CharField(
        max_length=80, help_text="Who holds it, or where it is kept.", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    jwk = forms.CharField(
        label="Public key",
        max_length=recipients.LONGEST_JWK,
        widget=Unshown(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off", "placeholder": '{"kty": "EC", "crv": "P-256", …}'}),
        help_text="A JWK on P-256, without d.",
    )

    def clean_jwk(self) -> dict[str, str]:
        try:
            return recipients.parse(self.cleaned_data["jwk"])
        except recipients.Refused as reason:
            raise ValidationError(str(reason)) from None
