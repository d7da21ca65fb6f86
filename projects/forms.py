"""What members fill in about projects, and about caps. Each form knows the organization, and checks against it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import Organization
from catalog.models import Model
from clod_site.lib import money
from projects.models import Project

LARGEST_CAP_NANOUSD = money.usd(1_000_000)


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
