"""Forms of whoever is called with an API key. The key goes in and never comes out."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminURLInputWidget

from catalog import credentials
from catalog.models import DataCenter, Provider
from clod_site.admin_pages import Page

if TYPE_CHECKING:
    _Form = forms.ModelForm[Any]
else:
    _Form = forms.ModelForm


class SealingForm(_Form):
    credential = forms.CharField(
        label="API key",
        required=False,
        strip=True,
        max_length=4000,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Kept encrypted and never shown again. Empty keeps the one that is there; another host asks for it again.",
    )
    forget_credential = forms.BooleanField(label="Forget the saved API key", required=False)


class ProviderForm(SealingForm):
    website_url = forms.URLField(required=False, assume_scheme="https", widget=UnfoldAdminURLInputWidget)

    class Meta:
        model = Provider
        fields = (
            "name",
            "slug",
            "active",
            "website_url",
            "base_url",
            "adapter",
            "cancel_policy",
            "needs_credential",
            "credential_env",
            "credential",
            "forget_credential",
        )


class DataCenterForm(SealingForm):
    class Meta:
        model = DataCenter
        fields = (
            "name",
            "slug",
            "active",
            "market",
            "node",
            "time_zone",
            "latitude",
            "longitude",
            "pue",
            "adder_microusd_per_mwh",
            "credential_env",
            "credential",
            "forget_credential",
        )


class SealingPage(Page):
    """What is typed as a key is encrypted before it is saved; the history tells that it changed, not what it is."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if form.cleaned_data["forget_credential"] or form.cleaned_data["credential"]:
            obj.set_credential(form.cleaned_data["credential"])
        super().save_model(request, obj, form, change)


def in_use(owner: Provider | DataCenter) -> str:
    """Where the key comes from that is in use, in a word."""
    if not credentials.of(owner):
        return "cannot be read" if owner.credential_sealed else "none"
    return f"from {owner.credential_env}" if credentials.is_from_environment(owner) else "saved here"
