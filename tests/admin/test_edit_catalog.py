"""Editing the catalog in the admin reaches the gateway; a provider's API key goes in and never comes out."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalog import credentials, versions
from catalog.models import DataCenter, Endpoint, Model, Provider
from clod_site.lib import money

NO_ENDPOINTS = {"endpoints-TOTAL_FORMS": 0, "endpoints-INITIAL_FORMS": 0}
PROVIDER = {"name": "OpenAI", "slug": "openai", "base_url": "https://api.openai.com/v1", "adapter": "openai", "cancel_policy": "cancel"}
PROVIDER |= {"active": "on", "needs_credential": "on"}
NEW_PROVIDER = reverse("admin:catalog_provider_add")


def model_form(**changes: Any) -> dict[str, Any]:
    form = {"name": "Llama 8B", "slug": "llama", "vendor_id": "meta/Llama-8B", "developer": "Meta", "category": "hosted", "active": "on"}
    form |= {
        "input_modalities": ["text"],
        "output_modalities": ["text"],
        "operations": ["chat"],
        "context_window": 8192,
        "max_output_tokens": 4096,
    }
    form |= {"input_nanousd_per_mtok": "0.05", "output_nanousd_per_mtok": "0.08", "price_source": "list", "price_date": "2026-11-01"}
    return form | {"energy_weight": "0.35"} | NO_ENDPOINTS | changes


@pytest.fixture
def openai(office: Client) -> Provider:
    office.post(NEW_PROVIDER, PROVIDER | {"credential": "sk-very-secret"})
    return Provider.objects.get(slug="openai")


def change(provider: Provider) -> str:
    return reverse("admin:catalog_provider_change", args=[provider.pk])


def test_a_provider_s_key_is_kept_sealed_and_shown_nowhere(office: Client, openai: Provider) -> None:
    assert credentials.of(openai) == "sk-very-secret"
    assert "sk-very-secret" not in openai.credential_sealed
    pages = [change(openai), reverse("admin:catalog_provider_changelist"), reverse("admin:catalog_provider_history", args=[openai.pk])]
    text = "".join(office.get(page).content.decode() for page in pages)
    assert "sk-very-secret" not in text
    assert openai.credential_sealed not in text
    assert "saved here" in text


def test_an_empty_key_field_keeps_the_key(office: Client, openai: Provider) -> None:
    office.post(change(openai), PROVIDER | {"name": "Open AI", "credential": ""})
    openai.refresh_from_db()
    assert (openai.name, credentials.of(openai)) == ("Open AI", "sk-very-secret")


def test_a_key_can_be_replaced_and_forgotten(office: Client, openai: Provider) -> None:
    office.post(change(openai), PROVIDER | {"credential": "sk-newer"})
    openai.refresh_from_db()
    assert credentials.of(openai) == "sk-newer"
    office.post(change(openai), PROVIDER | {"forget_credential": "on"})
    openai.refresh_from_db()
    assert credentials.of(openai) is None


def test_a_price_is_typed_in_dollars_and_the_gateway_hears_of_it(office: Client, endpoint: Endpoint) -> None:
    version = versions.current()
    answer = office.post(reverse("admin:catalog_model_change", args=[endpoint.model_id]), model_form(output_nanousd_per_mtok="0.0951"))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert Model.objects.get().output_nanousd_per_mtok == money.usd("0.0951")
    assert Model.objects.get().input_modalities == ["text"]
    assert versions.current() == version + 1


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"max_output_tokens": 9000}, "is more than the context window of 8192"),
        ({"category": "third_party", "is_free": "on"}, "only hosted models can be free"),
        ({"input_modalities": ["smell"]}, "Select a valid choice"),
        ({"input_nanousd_per_mtok": "-1"}, "is negative"),
    ],
)
def test_a_model_that_makes_no_sense_is_refused(office: Client, endpoint: Endpoint, changes: dict[str, Any], expected: str) -> None:
    page = office.post(reverse("admin:catalog_model_change", args=[endpoint.model_id]), model_form(**changes))
    assert expected in page.content.decode()
    assert versions.current() == 0


def test_switching_endpoints_off_reaches_the_gateway(office: Client, endpoint: Endpoint) -> None:
    office.post(reverse("admin:catalog_endpoint_changelist"), {"action": "switch_off", "_selected_action": endpoint.pk})
    assert not Endpoint.objects.get().active
    assert versions.current() == 1


def test_deleting_reaches_the_gateway(office: Client, endpoint: Endpoint) -> None:
    office.post(reverse("admin:catalog_endpoint_delete", args=[endpoint.pk]), {"post": "yes"})
    assert not Endpoint.objects.exists()
    assert versions.current() == 1


def test_a_hosted_model_s_endpoint_needs_a_data_center(office: Client, endpoint: Endpoint) -> None:
    form = {"model": endpoint.model_id, "provider": endpoint.provider_id, "upstream_model": "llama", "max_concurrency": 8, "active": "on"}
    page = office.post(reverse("admin:catalog_endpoint_add"), form)
    assert "llama is hosted, so its endpoints are at data centers" in page.content.decode()


def test_a_data_center_s_adder_is_typed_in_dollars(office: Client, endpoint: Endpoint) -> None:
    form = {
        "name": "Ashburn",
        "market": "PJM",
        "node": "DOM",
        "time_zone": "America/New_York",
        "latitude": 39,
        "longitude": -77,
        "pue": 1.25,
    }
    answer = office.post(
        reverse("admin:catalog_datacenter_change", args=[endpoint.data_center_id]), form | {"adder_microusd_per_mwh": "28.5"}
    )
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert DataCenter.objects.get().adder_microusd_per_mwh == 28_500_000


def test_a_model_is_ticked_for_what_it_is_called_for(office: Client, endpoint: Endpoint) -> None:
    address = reverse("admin:catalog_model_change", args=[endpoint.model_id])
    assert office.post(address, model_form(operations=["chat", "completions"])).status_code == 302
    assert Model.objects.get(pk=endpoint.model_id).operations == ["chat", "completions"]
    refused = office.post(address, model_form(operations=["embeddings"])).context["adminform"].form.errors
    assert refused == {"max_output_tokens": ["is 0 for a model that only embeds, and for no other"]}
