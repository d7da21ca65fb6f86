"""The whole catalog as a file: exported, and imported with a page before it that says what would change."""

import hashlib
from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldBooleanSwitchWidget

from catalog import loading, prices, versions
from catalog.key_hosts import Guard
from catalog.loading import CatalogInvalid, Tally, source, writing
from catalog.loading.kinds import ALL
from catalog.models import CatalogVersion
from clod_site import admin_steps
from clod_site.admin_pages import Page
from clod_site.admin_steps import Step, button
from clod_site.lib import clock

MOST_BYTES = source.MOST_CHARACTERS
MOST_SHOWN = 400
TABLES = ("model", "endpoint", "provider", "datacenter")
_NOTHING = "This file says nothing that the catalog does not say already."
_MOVED = "The catalog has changed since this page was drawn. Below is what would change now."


class ImportForm(forms.Form):
    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget,
        help_text="YAML, as the export writes it and docs/catalog.md shows it. The next page says what would change before it does.",
    )
    deactivate_missing = forms.BooleanField(
        label="Switch off what the file does not mention, of the kinds it holds", required=False, widget=UnfoldBooleanSwitchWidget
    )

    def clean_file(self) -> str:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(f"The file has {file.size:,} bytes; at most {MOST_BYTES:,} are read.")
        try:
            self.name = file.name
            return str(file.read().decode("utf-8"))
        except UnicodeDecodeError:
            raise forms.ValidationError("The file is not UTF-8 text.") from None


class ExchangePage(Page):
    """Two buttons above the list of models."""

    actions_list = ("export_catalog", "import_catalog")

    def has_export_permission(self, request: HttpRequest, *_: Any) -> bool:
        return all(request.user.has_perm(f"catalog.view_{table}") for table in TABLES)

    def has_import_permission(self, request: HttpRequest, *_: Any) -> bool:
        return all(request.user.has_perm(f"catalog.{deed}_{table}") for deed in ("add", "change") for table in TABLES)

    @button("Export the catalog", path="export", may="export", icon="download")
    def export_catalog(self, request: HttpRequest) -> HttpResponse:
        name = f"clod-catalog-{clock.now():%Y-%m-%d-%H%M}.yaml"
        return HttpResponse(
            writing.text(),
            content_type="application/yaml; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    @button("Import a catalog", path="import", may="import", icon="upload")
    def import_catalog(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST" and "confirmed" in request.POST:
            return self._confirmed(request, request.POST.get("text", ""), "deactivate_missing" in request.POST)
        form = ImportForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            return self._previewed(request, form.cleaned_data["file"], form.cleaned_data["deactivate_missing"])
        purpose = "Providers, data centers, models and endpoints of a file are created or brought up to date. API keys are never in it."
        return admin_steps.show(self, request, Step("Import a catalog", purpose, "Show what would change", has_file=True), form)

    def _previewed(self, request: HttpRequest, text: str, deactivate_missing: bool, moved: bool = False) -> HttpResponse:
        title = "What this file would change"
        try:
            tallies = loading.preview("the file", text, deactivate_missing=deactivate_missing, guard=_guard(request))
        except CatalogInvalid as error:
            problems = [str(problem) for problem in error.problems[:MOST_SHOWN]]
            return admin_steps.show(self, request, Step(title, "Nothing: mend these first.", "", problems=problems, is_final=True))
        rows = list(_told(tallies))
        more = f" The first {MOST_SHOWN} of {len(rows)} are shown." if len(rows) > MOST_SHOWN else ""
        step = Step(
            title,
            f"{'; '.join(_counts(tallies))}.{more}" if rows else _NOTHING,
            f"Make {len(rows):,} change{'s' * (len(rows) > 1)}",
            headers=("", "Row", "Change"),
            rows=rows[:MOST_SHOWN],
            problems=(_MOVED,) if moved else (),
            is_final=not rows,
        )
        hidden = {"text": text, "digest": _digest(rows), "confirmed": "yes"} | ({"deactivate_missing": "on"} if deactivate_missing else {})
        return admin_steps.show(self, request, step, hidden=hidden)

    def _confirmed(self, request: HttpRequest, text: str, deactivate_missing: bool) -> HttpResponse:
        try:
            rows = list(_told(loading.preview("the file", text, deactivate_missing=deactivate_missing, guard=_guard(request))))
            if _digest(rows) != request.POST.get("digest"):
                return self._previewed(request, text, deactivate_missing, moved=True)
            tallies = loading.load_text("the file", text, deactivate_missing=deactivate_missing, guard=_guard(request))
        except CatalogInvalid:
            return self._previewed(request, text, deactivate_missing, moved=True)
        if not settings.CLOD_FAKE_PROVIDER:
            loading.switch_off("fake")
        prices.price_endpoints(clock.now())
        said = "; ".join(_counts(tallies))
        self.log_change(request, CatalogVersion.objects.get(), f"Imported a catalog: {said}.")
        self.message_user(request, f"Imported: {said}. The gateway follows within a second; version {versions.current()}.")
        return redirect("admin:catalog_model_changelist")


def _guard(request: HttpRequest) -> Guard:
    return Guard(is_superuser=bool(getattr(request.user, "is_superuser", False)))


def _counts(tallies: dict[str, Tally]) -> Iterator[str]:
    for kind, tally in tallies.items():
        gone = f", {tally.deactivated} switched off" if tally.deactivated else ""
        yield f"{kind.replace('_', ' ')}: {tally.created} new, {tally.updated} changed{gone}, {tally.unchanged} as they were"


def _told(tallies: dict[str, Tally]) -> Iterator[tuple[str, str, str]]:
    for name, tally in tallies.items():
        kind = ALL[name]
        for row in tally.told:
            changes = []
            for column, (before, after) in row.columns.items():
                (label, old), (_, new) = writing.told(kind, column, before), writing.told(kind, column, after)
                changes.append(f"{label}: {old} → {new}")
            yield ("changed" if changes else "new", f"{name.removesuffix('s').replace('_', ' ')} {row.name}", "; ".join(changes))


def _digest(rows: list[tuple[str, str, str]]) -> str:
    return hashlib.sha256(repr(rows).encode()).hexdigest()
