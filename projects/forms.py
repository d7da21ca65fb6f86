"""What members fill in about projects and keys. Each form knows the organization, and checks against it."""

import ipaddress
import re
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from accounts.models import Organization
from catalog.models import Model
from clod_site.lib import clock, money
from projects import keys
from projects.models import Project

LARGEST_CAP_NANOUSD = money.usd(1_000_000)
LARGEST_RATE = 1_000_000_000
MOST_NETWORKS = 50
ONCE = "projects.forms.once"


class ProjectForm(forms.Form):
    """A new project, or a new name for one."""

    name = forms.CharField(max_length=80, help_text="Such as Billing bot, staging, or research.")

    def __init__(self, *args: Any, organization: Organization, project: Project | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.others = organization.projects.exclude(pk=project.pk) if project else organization.projects.all()

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if other := self.others.filter(name__iexact=name).first():
            state = "an archived project" if other.archived_at else "a project"
            raise ValidationError(f"There is {state} named {other.name} already. Choose another name.")
        return name


class Dollars(forms.CharField):
    """An amount as people write it, cleaned to nano-USD; empty is None."""

    def to_python(self, value: Any) -> int | None:  # type: ignore[override]
        text = (super().to_python(value) or "").removeprefix("$").strip()
        if not text:
            return None
        try:
            amount = money.usd(text)
        except ValueError as error:
            raise ValidationError(f"{error}.".replace("..", ".")) from error
        if not 0 <= amount <= LARGEST_CAP_NANOUSD:
            raise ValidationError("A cap is between $0 and $1,000,000.")
        return amount

    def prepare_value(self, value: Any) -> Any:
        return money.as_text(value) if isinstance(value, int) else value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return super().widget_attrs(widget) | {"inputmode": "decimal", "autocomplete": "off", "placeholder": "no cap"}


class CapsForm(forms.Form):
    """Of a project, or of a key."""

    daily_cap_nanousd = Dollars(label="Daily cap", required=False, help_text="Empty: no cap. 0: nothing may be spent.")
    monthly_cap_nanousd = Dollars(label="Monthly cap", required=False, help_text="Empty: no cap.")

    @property
    def caps(self) -> dict[str, int | None]:
        return {name: self.cleaned_data[name] for name in ("daily_cap_nanousd", "monthly_cap_nanousd")}


class BudgetForm(CapsForm):
    """A project's caps, and whether anybody hears of them."""

    sends_alerts = forms.BooleanField(
        label="Alerts",
        required=False,
        help_text="Mail owners and admins, and show a notice here, at 80 % and 100 % of these caps and of those of the project's keys.",
    )


class ModelsForm(forms.Form):
    """Which models the project's keys may call; none chosen means all."""

    models = forms.ModelMultipleChoiceField(Model.objects.none(), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["models"].queryset = Model.objects.filter(active=True).order_by("name")  # type: ignore[attr-defined]


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


class BoundsForm(forms.Form):
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
    """The same for a key that exists, and which models it may call."""


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


class ArchiveForm(forms.Form):
    """The project's name, typed, so that nobody archives the wrong one."""

    typed_name = forms.CharField(label="Type the project's name to confirm", widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project

    def clean_typed_name(self) -> str:
        typed: str = self.cleaned_data["typed_name"]
        if typed != self.project.name:
            raise ValidationError(f"That is not the name. Type {self.project.name} exactly.")
        return typed


class KeyForm(OnceForm, CapsForm, BoundsForm):
    """A new API key."""

    EXPIRIES = (("", "Never"), ("7", "In 7 days"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"))

    name = forms.CharField(max_length=80, help_text="Where it is used, such as dev-key or n8n-workflow.")
    project = forms.ModelChoiceField(Project.objects.none(), empty_label=None)
    expires = forms.ChoiceField(choices=EXPIRIES, required=False)
    field_order = ("name", "project", "expires")

    def __init__(self, *args: Any, projects: QuerySet[Project], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects  # type: ignore[attr-defined]
        self.fields["name"].widget.attrs["autocomplete"] = "off"

    @property
    def limits(self) -> dict[str, Any]:
        return self.caps | self.bounds

    @property
    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["expires"]
        return clock.now() + timedelta(days=int(days)) if days else None
