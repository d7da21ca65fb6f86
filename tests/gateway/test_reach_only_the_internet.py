"""Upstreams that operators name: what is saved is checked, what is connected to is looked at again, whatever the name says by then."""

import asyncio
import socket
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from django.core.exceptions import ValidationError

from catalog import variables
from catalog.models import Endpoint, Provider
from clod_site.lib.destinations import Denied, Rules
from gateway import snapshots
from gateway.upstream.guard import Guarded
from tests.gateway import shop
from tests.gateway.conftest import FAST_LANE, Gateway


class Changing(AbstractResolver):
    """A name server that gives another answer every time."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        found = self.answers.pop(0)
        return [ResolveResult(hostname=host, host=found, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        pass


@pytest.fixture
def in_production(settings: Any) -> Iterator[Any]:
    """The guard as production has it."""
    settings.PRODUCTION, settings.CLOD_ALLOWED_UPSTREAM_NETWORKS = True, ()
    return settings


def test_a_name_that_leads_inside_the_second_time_is_refused_the_second_time(caplog: pytest.LogCaptureFixture) -> None:
    guarded = Guarded(Rules(), has_tls=True, names=Changing("1.1.1.1", "169.254.169.254"))
    assert [one["host"] for one in asyncio.run(guarded.resolve("rebind.example.org", 443))] == ["1.1.1.1"]
    with pytest.raises(Denied):
        asyncio.run(guarded.resolve("rebind.example.org", 443))
    assert "rebind.example.org is not on the public internet" in caplog.text


def test_without_tls_a_name_must_be_in_an_allowed_network() -> None:
    rules = Rules((ip_network("10.0.0.0/8"),))
    guarded = Guarded(rules, has_tls=False, names=Changing("10.0.0.5", "1.1.1.1"))
    assert asyncio.run(guarded.resolve("vllm", 8000))
    with pytest.raises(Denied):
        asyncio.run(guarded.resolve("vllm", 8000))


@FAST_LANE
def test_an_operators_address_inside_is_never_called(gateway: Gateway, in_production: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The fake upstream is on this machine: both as an address and as a name."""
    for number, host in enumerate(("127.0.0.1", "localhost")):
        model = shop.model(f"inside-{number}")
        shop.endpoint(model, gateway.upstream.base_url.replace("127.0.0.1", host), "paris")
    snapshots.forget()
    for number in range(2):
        answer = gateway.complete(f"inside-{number}")
        assert answer.status_code == 502
        assert answer.json()["error"]["code"] == "upstream_error"
    assert gateway.upstream.journal == []
    assert caplog.text.count("failed before its first byte: Denied: Use https://.") == 2


@FAST_LANE
def test_an_allowed_network_is_called(gateway: Gateway, in_production: Any) -> None:
    in_production.CLOD_ALLOWED_UPSTREAM_NETWORKS = (ip_network("127.0.0.0/8"), ip_network("::1"))
    assert gateway.complete().status_code == 200


@FAST_LANE
def test_what_the_deployer_set_is_called_as_it_is(gateway: Gateway, in_production: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOD_DC_DFW_URL", gateway.upstream.base_url)
    Endpoint.objects.update(base_url="", base_url_env="CLOD_DC_DFW_URL")
    snapshots.forget()
    assert gateway.complete().status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8000/v1", "https://169.254.169.254/latest", "https://redis/", "http://api.example.org/v1"]
)
def test_the_admin_and_the_catalog_files_are_told_when_it_is_saved(in_production: Any, address: str) -> None:
    with pytest.raises(ValidationError) as refused:
        shop.provider("inside", base_url=address).clean()
    assert set(refused.value.message_dict) == {"base_url"}
    with pytest.raises(ValidationError):
        Endpoint(base_url=address, data_center=shop.data_center("dfw")).clean()


@pytest.mark.django_db
def test_the_site_s_own_secrets_are_no_provider_s_key(monkeypatch: pytest.MonkeyPatch) -> None:
    from catalog import credentials

    for name in ("CLOD_SECRET_KEY", "CLOD_STRIPE_SECRET_KEY", "DATABASE_URL", "REDIS_URL", "EMAIL_HOST_PASSWORD", "CLOD_X_API_KEY", "PATH"):
        provider = Provider(slug="thief", name="Thief", base_url="https://thief.example.org", credential_env=name)
        with pytest.raises(ValidationError):
            provider.clean()
        monkeypatch.setenv(name, "canary0123456789abcdef")
        assert credentials.of(provider) is None
        assert not variables.may_hold_address(name)
    Provider(slug="fine", name="Fine", base_url="https://fine.example.org", credential_env="FINE_API_KEY").clean()
