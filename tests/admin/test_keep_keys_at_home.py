"""A provider's key can be written and never read: nobody leads it to a host of their own, by a form or by a file."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from catalog import credentials
from catalog.models import DataCenter, Endpoint, Provider
from tests.admin.staff import member
from tests.admin.test_edit_catalog import NEW_PROVIDER, PROVIDER, change
from tests.people import browser

IMPORT = reverse("admin:catalog_model_import_catalog")
KEY = "sk-very-secret"
ELSEWHERE = "https://evil.example/v1"


@pytest.fixture
def clerk(db: None) -> Client:
    return browser(member("Operator"))


@pytest.fixture
def openai(clerk: Client) -> Provider:
    clerk.post(NEW_PROVIDER, PROVIDER | {"credential": KEY})
    return Provider.objects.get(slug="openai")


def kept(provider: Provider) -> tuple[str, str | None]:
    provider.refresh_from_db()
    return provider.base_url, credentials.of(provider)


@pytest.mark.parametrize("address", [ELSEWHERE, "http://api.openai.com/v1", "https://api.openai.com:8443/v1", ""])
def test_a_saved_key_does_not_follow_an_address_to_another_host(clerk: Client, openai: Provider, address: str) -> None:
    """Not in two steps either: an address is taken away, and another one given."""
    for each in (address, ELSEWHERE):
        answer = clerk.post(change(openai), PROVIDER | {"base_url": each}, follow=True)
    assert "Nothing was saved. The saved API key of provider openai was typed for another host" in answer.content.decode()
    assert kept(openai) in {(PROVIDER["base_url"], KEY), ("", KEY)}


def test_another_path_keeps_the_key_and_a_key_typed_with_the_address_goes_there(clerk: Client, openai: Provider) -> None:
    clerk.post(change(openai), PROVIDER | {"base_url": "https://api.openai.com/v2"})
    assert kept(openai) == ("https://api.openai.com/v2", KEY)
    clerk.post(change(openai), PROVIDER | {"base_url": ELSEWHERE, "credential": "sk-of-elsewhere"})
    assert kept(openai) == (ELSEWHERE, "sk-of-elsewhere")
    clerk.post(change(openai), PROVIDER | {"forget_credential": "on"})
    assert kept(openai) == (PROVIDER["base_url"], None)


def test_an_endpoint_s_own_address_leads_neither_its_provider_s_key_away_nor_its_data_center_s(clerk: Client, endpoint: Endpoint) -> None:
    for owner in (endpoint.provider, endpoint.data_center):
        assert isinstance(owner, Provider | DataCenter)
        owner.set_credential(KEY)
        owner.save()
        form = {"model": endpoint.model_id, "provider": endpoint.provider_id, "data_center": endpoint.data_center_id, "active": "on"}
        form |= {"upstream_model": "llama", "max_concurrency": 8, "base_url": ELSEWHERE}
        answer = clerk.post(reverse("admin:catalog_endpoint_change", args=[endpoint.pk]), form, follow=True)
        assert f"The saved API key of {owner._meta.verbose_name} {owner.slug}" in answer.content.decode()
        assert Endpoint.objects.get().base_url == ""
        owner.set_credential("")
        owner.save()


def test_an_operator_sends_no_key_of_the_environment_where_it_did_not_go(clerk: Client, office: Client, db: None) -> None:
    thief = PROVIDER | {"name": "Thief", "slug": "thief", "base_url": ELSEWHERE, "credential_env": "OPENAI_API_KEY"}
    answer = clerk.post(NEW_PROVIDER, thief, follow=True)
    assert "OPENAI_API_KEY was not sent to https://evil.example:443 before; only a superuser" in answer.content.decode()
    assert not Provider.objects.exists()
    office.post(NEW_PROVIDER, thief)
    assert Provider.objects.get().credential_env == "OPENAI_API_KEY"
    assert clerk.post(change(Provider.objects.get()), thief | {"name": "Not a thief"}).status_code == 302
    assert Provider.objects.get().name == "Not a thief"


def test_an_import_does_not_either(clerk: Client, openai: Provider) -> None:
    def page(row: str) -> str:
        file = SimpleUploadedFile("catalog.yaml", f"providers:\n  - {{{row}}}\n".encode())
        first: Any = clerk.post(IMPORT, {"file": file})
        text = first.content.decode() + clerk.post(IMPORT, {"text": f"providers:\n  - {{{row}}}\n", "confirmed": "yes"}).content.decode()
        assert "Make " not in text
        return str(text)

    assert "The saved API key of provider openai" in page(f"slug: openai, name: OpenAI, base_url: '{ELSEWHERE}'")
    assert "only a superuser" in page(f"slug: thief, name: Thief, base_url: '{ELSEWHERE}', credential_env: OPENAI_API_KEY")
    assert kept(openai) == (PROVIDER["base_url"], KEY)
    assert Provider.objects.count() == 1
