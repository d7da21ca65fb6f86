"""What members fill in about projects, and about caps. Each form knows the organization, and checks against it."""

import json
import re
from hashlib import sha256
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import Organization
from catalog.models import Model
from clod_site.lib import money
from projects.models import Project

LARGEST_CAP_NANOUSD = money.usd(1_000_000)
WRITTEN = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+")  # no exponents, and digits that everybody reads


class StampedForm(forms.Form):
    """One that is sent with a digest of the values it was drawn with: from a page that has become old it changes nothing.

    Templates write ``{{ form.stamp }}`` beside the token.
    """

    STAMP = "drawn_with"

    @property
    def stamp(self) -> SafeString:
        return format_html('<input type="hidden" name="{}" value="{}">', self.STAMP, self._digest())

    @property
    def is_stale(self) -> bool:
        """Whether the values have changed since; of a form without a stamp nobody knows."""
        return self.is_bound and self.data.get(self.STAMP, "") not in ("", self._digest())

    def _digest(self) -> str:
        told = {name: [str(row.pk) for row in value] if isinstance(value, QuerySet) else str(value) for name, value in self.initial.items()}
        return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:20]


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
            if not WRITTEN.fullmatch(text):
                raise ValueError(f"{text[:40]!r} is not an amount in dollars; write it like 5.00")
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


class CapsForm(StampedForm):
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


class ModelsForm(StampedForm):
    """Which models the project's keys may call; none chosen means all."""

    models = forms.ModelMultipleChoiceField(Model.objects.none(), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["models"].queryset = Model.objects.filter(active=True).order_by("name")  # type: ignore[attr-defined]


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
