"""The catalog as a file: what is exported loads again without a change, and an import shows what it would do before it does it."""

from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from catalog import loading, versions
from catalog.loading import writing
from catalog.models import DataCenter, Endpoint, Model, Provider
from clod_site.lib.money import usd

EXPORT, IMPORT = reverse("admin:catalog_model_export_catalog"), reverse("admin:catalog_model_import_catalog")


def upload(office: Client, text: str, **fields: Any) -> Any:
    return office.post(IMPORT, {"file": SimpleUploadedFile("catalog.yaml", text.encode())} | fields)


def confirm(office: Client, page: Any) -> Any:
    return office.post(IMPORT, page.context["hidden"])


def exported(office: Client) -> str:
    return office.get(EXPORT).content.decode()


@pytest.fixture
def shipped(db: None) -> None:
    call_command("load_catalog", stdout=StringIO())


def test_the_whole_shipped_catalog_comes_back_as_it_was(shipped: None) -> None:
    Model.objects.filter(slug="gpt-4o").update(features=[], energy_weight=0.1 + 0.2, active=False)
    text = writing.text()
    assert {kind: tally.changes for kind, tally in loading.preview("it", text).items()} == dict.fromkeys(
        ("providers", "data_centers", "models", "endpoints"), 0
    )
    before = {model: list(model.objects.order_by("pk").values_list()) for model in (Provider, DataCenter, Model)}
    counts = Endpoint.objects.count()
    for model in (Endpoint, Model, DataCenter, Provider):
        model.objects.all().delete()
    loading.load_text("it", text)
    for model, rows in before.items():
        slug, *_ = [number for number, field in enumerate(model._meta.concrete_fields) if field.name == "slug"]
        loaded = {row.slug: row for row in model.objects.all()}
        assert loaded.keys() == {row[slug] for row in rows}
    assert Endpoint.objects.count() == counts
    assert writing.text() == text


def test_an_export_holds_no_key(office: Client, endpoint: Endpoint) -> None:
    provider = Provider.objects.get()
    provider.set_credential("sk-secret")
    provider.save()
    text = exported(office)
    assert "slug: clod" in text
    assert "credential_sealed" not in text
    assert provider.credential_sealed not in text


def test_a_preview_says_what_would_change_and_changes_nothing(office: Client, endpoint: Endpoint) -> None:
    text = exported(office).replace("output_usd_per_mtok: 0.08", "output_usd_per_mtok: 0.0951").replace("pue: 1.25", "pue: 1.3")
    version = versions.current()
    page = upload(office, text)
    assert [tuple(row) for row in page.context["step"].rows] == [
        ("changed", "data center nva", "pue: 1.25 → 1.3"),
        ("changed", "model llama", "output_usd_per_mtok: 0.08 → 0.0951"),
    ]
    assert "models: 0 new, 1 changed, 0 as they were" in page.content.decode()
    assert (Model.objects.get().output_nanousd_per_mtok, DataCenter.objects.get().pue) == (usd("0.08"), 1.25)
    assert versions.current() == version


def test_confirming_makes_the_changes_once_and_tells_the_gateway(office: Client, endpoint: Endpoint) -> None:
    version = versions.current()
    page = upload(office, exported(office).replace("output_usd_per_mtok: 0.08", "output_usd_per_mtok: 0.0951"))
    assert confirm(office, page)["Location"] == reverse("admin:catalog_model_changelist")
    assert Model.objects.get().output_nanousd_per_mtok == usd("0.0951")
    assert versions.current() == version + 1
    assert "models: 0 new, 1 changed" in LogEntry.objects.get().change_message


def test_what_changed_since_the_preview_is_shown_again_first(office: Client, endpoint: Endpoint) -> None:
    page = upload(office, exported(office).replace("output_usd_per_mtok: 0.08", "output_usd_per_mtok: 0.0951"))
    Model.objects.update(output_nanousd_per_mtok=usd("7"))
    again = confirm(office, page)
    assert "has changed since this page was drawn" in again.content.decode()
    assert again.context["step"].rows[0][2] == "output_usd_per_mtok: 7 → 0.0951"
    assert Model.objects.get().output_nanousd_per_mtok == usd("7")
    confirm(office, again)
    assert Model.objects.get().output_nanousd_per_mtok == usd("0.0951")


def test_what_the_file_leaves_out_is_switched_off_only_when_asked(office: Client, endpoint: Endpoint) -> None:
    text = "providers:\n  - {slug: openai, name: OpenAI}\n"
    assert [row[:2] for row in upload(office, text).context["step"].rows] == [("new", "provider openai")]
    page = upload(office, text, deactivate_missing="on")
    assert page.context["step"].rows[1] == ("changed", "provider clod", "active: true → false")
    confirm(office, page)
    assert dict(Provider.objects.values_list("slug", "active")) == {"clod": False, "openai": True}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("providers:\n  - {slug: a, name: A, colour: red}\n", "the file:2: colour: is not a field of providers"),
        ("providers: [", "is not valid YAML"),
        ("[" * 5000, "the file"),
        ("", "is empty"),
        ("endpoints:\n  - {model: nobody, provider: clod}\n", "there is no model"),
    ],
)
def test_a_file_with_mistakes_says_where_and_offers_nothing_to_press(office: Client, endpoint: Endpoint, text: str, said: str) -> None:
    page = upload(office, text).content.decode()
    assert said.replace("'", "&#x27;") in page
    assert "Make " not in page


def test_a_file_that_says_nothing_new_offers_nothing_to_press(office: Client, endpoint: Endpoint) -> None:
    page = upload(office, exported(office))
    assert "says nothing that the catalog does not say already" in page.content.decode()
    assert page.context["step"].is_final


def test_only_text_of_a_bearable_size_is_read(office: Client, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = office.post(IMPORT, {"file": SimpleUploadedFile("catalog.yaml", b"\xff\xfe")})
    assert "not UTF-8 text" in binary.content.decode()
    monkeypatch.setattr("catalog.exchange_admin.MOST_BYTES", 10)
    assert "at most 10 are read" in upload(office, "providers: []" * 10).content.decode()
    assert "required" in office.post(IMPORT, {}).content.decode()
