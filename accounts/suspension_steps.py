"""What an operator reads and types when an organization is suspended, and opened again."""

from dataclasses import dataclass, replace

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts.models import Organization
from clod_site.admin_steps import Step

REQUIRED = {"required": "Say why: its members read it on every page."}


class SuspensionForm(forms.Form):
    reason = forms.CharField(
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Its members read it on every page and in their audit log. Say what they can do about it.",
        error_messages=REQUIRED,
    )


@dataclass(frozen=True)
class AboutOrganization:
    """A step whose title gets an organization's name."""

    step: Step

    def about(self, organization: Organization) -> Step:
        since = f"since {organization.suspended_at:%d %b %Y %H:%M} UTC" if organization.suspended_at else "no"
        facts = [("Suspended", since), *([("Reason", organization.suspended_reason)] if organization.suspended_reason else [])]
        return replace(self.step, title=f"{self.step.does} {organization.name}", facts=facts)


SUSPEND = AboutOrganization(
    Step(
        "",
        "Its keys and Studio start no more calls within a second. Calls that run now are finished and charged; members go on reading.",
        "Suspend",
        is_dangerous=True,
    )
)
REOPEN = AboutOrganization(Step("", "Its keys work again, within a second.", "Open again"))
