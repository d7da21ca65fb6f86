"""Where an endpoint is reached, with which key, and when it cannot be called."""

import logging

import pytest

from catalog import credentials
from catalog.models import Category, DataCenter, Endpoint, Model, Provider

SITE = DataCenter(pk=1, slug="nva")
HOSTED = Model(slug="llama", category=Category.HOSTED)
THIRD_PARTY = Model(slug="gpt-4o", category=Category.THIRD_PARTY)


def hosted(**fields: object) -> Endpoint:
    return Endpoint(model=HOSTED, provider=Provider(slug="clod", needs_credential=False), data_center=SITE, **fields)


def third_party(**fields: object) -> Endpoint:
    provider = Provider(slug="openai", base_url="https://api.openai.com/v1/", credential_env="OPENAI_API_KEY", **fields)
    return Endpoint(model=THIRD_PARTY, provider=provider)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("CLOD_DC_NVA_URL", raising=False)


def test_the_environment_gives_a_data_center_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = hosted(base_url="http://10.0.0.1/v1", base_url_env="CLOD_DC_NVA_URL")
    assert credentials.address_of(endpoint) == "http://10.0.0.1/v1"
    monkeypatch.setenv("CLOD_DC_NVA_URL", "http://10.0.0.2/v1/")
    assert credentials.address_of(endpoint) == "http://10.0.0.2/v1"


def test_a_data_center_without_an_address_cannot_be_called(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = hosted(base_url_env="CLOD_DC_NVA_URL")
    assert credentials.address_of(endpoint) == ""
    assert not credentials.is_routable(endpoint)
    monkeypatch.setenv("CLOD_DC_NVA_URL", "http://10.0.0.2/v1")
    assert credentials.is_routable(endpoint)


def test_a_third_party_is_reached_at_its_provider_once_there_is_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = third_party()
    assert credentials.address_of(endpoint) == "https://api.openai.com/v1"
    assert not credentials.is_routable(endpoint)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-the-environment")
    assert credentials.is_routable(endpoint)


def test_the_environment_s_key_wins_over_the_saved_one(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = third_party().provider
    provider.set_credential("sk-saved")
    assert "sk-saved" not in provider.credential_sealed
    assert credentials.of(provider) == "sk-saved"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-the-environment")
    assert credentials.of(provider) == "sk-from-the-environment"


def test_a_key_nobody_can_open_makes_its_provider_unavailable_not_the_catalog(caplog: pytest.LogCaptureFixture) -> None:
    endpoint = third_party(credential_sealed="sealed with a key that is gone")
    with caplog.at_level(logging.ERROR):
        assert not credentials.is_routable(endpoint)
    assert "openai" in caplog.text


@pytest.mark.parametrize("part", ["endpoint", "model", "provider", "data_center"])
def test_what_is_switched_off_cannot_be_called(part: str) -> None:
    endpoint = Endpoint(
        model=Model(slug="llama", active=part != "model"),
        provider=Provider(slug="clod", needs_credential=False, active=part != "provider"),
        data_center=DataCenter(pk=1, slug="nva", active=part != "data_center"),
        base_url="http://10.0.0.1/v1",
        active=part != "endpoint",
    )
    assert not credentials.is_routable(endpoint)


def test_an_adapter_of_another_version_makes_its_provider_unavailable_not_the_catalog(caplog: pytest.LogCaptureFixture) -> None:
    assert not credentials.is_routable(third_party(adapter="telepathy", needs_credential=False))
    assert "openai has the adapter 'telepathy'" in caplog.text
