"""What members fill in about saved views."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import Membership
from activity import saved
from activity.models import SavedView


class SavedViewForm(forms.Form):
    """A name, unique among the member's own; whether the organization sees it, which viewers do not decide."""

    name = forms.CharField(max_length=60, help_text="Such as Errors of the billing bot.")
    is_shared = forms.BooleanField(label="Share it", required=False, help_text="Everybody of the organization sees it in their list.")

    def __init__(self, *args: Any, member: Membership, view: SavedView | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.others = saved.own(member).exclude(pk=view.pk) if view else saved.own(member)
        self.view = view
        if not saved.may_share(member):
            del self.fields["is_shared"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if other := self.others.filter(name__iexact=name).first():
            raise ValidationError(TAKEN.format(other.name))
        if not self.view and self.others.count() >= saved.MOST:
            raise ValidationError(f"You have {saved.MOST} saved views, as many as there can be. Delete one first.")
        return name

    @property
    def shares(self) -> bool:
        return bool(self.cleaned_data.get("is_shared", self.view and self.view.is_shared))


TAKEN = "You have a view named {} already. Choose another name."
