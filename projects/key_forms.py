"""What members fill in about API keys."""

import ipaddress
import re
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from clod_site.lib import clock
from projects import keys
from projects.forms import CapsForm, ModelsForm, StampedForm
from projects.models import Project

LARGEST_RATE = 1_000_000_000
MOST_NETWORKS = 50
ONCE = "projects.forms.once"


class Networks(forms.CharField):
    """Addresses and networks as people list them, cleaned to a list of networks; empty is any address."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off", "placeholder": "any address"})

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        words = re.split(r"[\s,;]+", super().to_python(value) or "")
        networks = list(dict.fromkeys(_network(word) for word in words if word))
        if len(networks) > MOST_NETWORKS:
            raise ValidationError(f"A key can have {MOST_NETWORKS} addresses and networks at most; these are {len(networks)}.")
        return networks

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value


def _network(word: str) -> str:
    """An address alone stays as it is written; the bits of a network's address that name a host are dropped."""
    try:
        network = ipaddress.ip_network(word, strict=False)
    except ValueError as error:
        raise ValidationError(f"{word[:60]} is neither an address like 203.0.113.7 nor a network like 203.0.113.0/24.") from error
    return str(network) if "/" in word else str(network.network_address)


class BoundsForm(StampedForm):
    """From where a key may be used, and how fast."""

    allowed_networks = Networks(
        label="Allowed addresses", required=False, help_text="Addresses or networks, one a line. Calls from elsewhere are refused with 403."
    )
    requests_per_minute = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_RATE, help_text="Empty: no limit of its own.")
    tokens_per_minute = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_RATE, help_text="Prompt and answer together.")

    @property
    def bounds(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("allowed_networks", "requests_per_minute", "tokens_per_minute")}


class KeyBoundsForm(BoundsForm, ModelsForm):
    """The same, and which models it may call."""


EXPIRIES = (("7", "In 7 days"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"))


def _instant(days: str) -> datetime | None:
    return clock.now() + timedelta(days=int(days)) if days else None


class KeyRestrictionsForm(KeyBoundsForm):
    """All that restricts a key that exists. Nothing brings one back that has expired: then there is no choice of when."""

    expires = forms.ChoiceField(choices=(("", "As it is"), ("never", "Never"), *EXPIRIES), required=False)
    field_order = ("expires",)

    def __init__(self, *args: Any, has_ended: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_ended:
            del self.fields["expires"]

    @property
    def expiry(self) -> dict[str, datetime | None]:
        """The column to write, if it changes."""
        chosen = self.cleaned_data.get("expires")
        return {"expires_at": None if chosen == "never" else _instant(chosen)} if chosen else {}


class OnceForm(forms.Form):
    """A form that makes a key once: it brings the id of that key with it, and an id is given to one key only."""

    once = forms.CharField(required=False, widget=forms.HiddenInput, initial=lambda: signing.dumps(keys.new_id(), salt=ONCE))

    @property
    def key_id(self) -> str | None:
        try:
            return str(signing.loads(self.cleaned_data["once"], salt=ONCE))
        except signing.BadSignature:
            return None


class RotateForm(OnceForm):
    """How long the key that is replaced still works."""

    OVERLAPS = (("0", "Not at all"), ("1", "1 hour"), ("24", "1 day"), ("168", "7 days"))

    overlap_h = forms.ChoiceField(label="The old key works for another", choices=OVERLAPS, initial="24")

    @property
    def overlap(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["overlap_h"]))


class KeyNameForm(forms.Form):
    """Another name for a key."""

    name = forms.CharField(max_length=80)


class KeyForm(OnceForm, CapsForm, KeyBoundsForm):
    """A new API key."""

    name = forms.CharField(max_length=80, help_text="Where it is used, such as dev-key or n8n-workflow.")
    project = forms.ModelChoiceField(Project.objects.none(), empty_label=None)
    expires = forms.ChoiceField(choices=(("", "Never"), *EXPIRIES), required=False)
    field_order = ("name", "project", "expires")

    def __init__(self, *args: Any, projects: QuerySet[Project], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects  # type: ignore[attr-defined]
        self.fields["name"].widget.attrs["autocomplete"] = "off"

    @property
    def limits(self) -> dict[str, Any]:
        return self.caps | self.bounds

    @property
    def told(self) -> dict[str, Any]:
        """What the audit log says of the new key."""
        chosen = {"project": self.cleaned_data["project"], "models": list(self.cleaned_data["models"])}
        return chosen | {"expires": self.cleaned_data["expires"] and f"{self.expires_at:%Y-%m-%d}"} | self.limits

    @property
    def expires_at(self) -> datetime | None:
        return _instant(self.cleaned_data["expires"])
