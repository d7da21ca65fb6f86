"""A gateway that really listens: uvicorn in a thread, the fake upstream in another, clients over loopback."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Any

import httpx2
import pytest
import uvicorn
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

from accounts.models import User
from activity.models import Request
from billing import check, holds
from billing.models import Wallet
from catalog import health, prices, stats
from catalog.models import Model
from catalog.providers.fake import server as fake_provider
from clod_site.lib import clock, ids
from gateway import prices as price_api
from gateway import snapshots, strangers
from gateway.upstream import quirks
from projects import keys
from projects.models import Project
from tests.gateway import shop
from tests.gateway.fake_upstream import FakeUpstream, serving
from tests.gateway.listening import address_of, listening

PATIENCE_S = 15.0
AN_HOUR = 1 / 24  # in days: enough for a price
FAKE_FILES = sorted((settings.CLOD_CATALOG_DIR / "development").glob("*.yaml"))


@dataclass
class Gateway:
    """The gateway under test, through one of its doors, and a key of Alice's to open it."""

    url: str
    path: str
    key: str
    upstream: FakeUpstream
    client: httpx2.Client

    def complete(self, model: str = "paris", **fields: Any) -> httpx2.Response:
        body = {"model": model, "messages": [{"role": "user", "content": "What is the capital of France?"}]} | fields
        return self.client.post(self.path, json=body)

    def stream(self, model: str = "paris", **fields: Any) -> list[str]:
        """The data of every event, as text."""
        body = {"model": model, "messages": [{"role": "user", "content": "What is the capital of France?"}], "stream": True} | fields
        with self.client.stream("POST", self.path, json=body) as response:
            assert response.status_code == 200, response.read()
            return [line.removeprefix("data: ") for line in response.iter_lines() if line.startswith("data: ")]

    def post(self, address: str, **body: Any) -> httpx2.Response:
        """To another address of the same door, such as ``embeddings``."""
        return self.client.post(self.path.replace("chat/completions", address), json=body)

    def offer(self, slug: str, behaviour: str, **fields: Any) -> Model:
        """A hosted model with one endpoint at the fake upstream."""
        model = shop.model(slug, **fields)
        shop.endpoint(model, self.upstream.base_url, behaviour)
        snapshots.forget()
        return model

    def row(self, response: httpx2.Response | str) -> Request:
        public_id = response if isinstance(response, str) else response.headers["x-request-id"]
        return Request.objects.get(id=ids.parse_public("req", public_id))

    def settled(self, count: int = 1, wait_s: float = 5) -> Request:
        """The newest request, once that many are settled."""
        deadline = time.monotonic() + wait_s
        while Request.objects.count() < count and time.monotonic() < deadline:
            time.sleep(0.02)
        assert Request.objects.count() == count
        return Request.objects.latest("id")


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    fake = FakeUpstream()
    with serving(fake.complete) as base_url:
        fake.base_url = base_url
        yield fake


class Hasty:
    """For uvicorn, in place of asyncio: it looks every tenth of a second whether it is to end and who is left; here 25 times as often."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s / 25)


@pytest.fixture(autouse=True, scope="session")
def servers_end_without_delay() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uvicorn.server, "asyncio", Hasty())
        yield


@pytest.fixture(autouse=True)
def patience(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with other tests is no database that is away; what is about that is marked ``in_time``."""
    if not request.node.get_closest_marker("in_time"):
        monkeypatch.setattr(snapshots, "READ_WITHIN_S", PATIENCE_S)
        monkeypatch.setattr(holds, "LONGEST_WAIT_S", PATIENCE_S)


@pytest.fixture
def server(ledger_db: None) -> Iterator[uvicorn.Server]:
    with listening() as server:
        yield server


@pytest.fixture
def site(server: uvicorn.Server) -> str:
    return address_of(server)


@pytest.fixture
def wallet(alice: User, project: Project) -> Wallet:
    """Alice's, with ten dollars."""
    from billing import ledger

    wallet = Wallet.objects.get(organization=project.organization)
    ledger.credit(wallet.pk, 10_000_000_000, key="test", reason="for the test")
    return wallet


FAST_LANE = pytest.mark.parametrize("path", ["/v1/chat/completions"])  # for what only this door promises


@pytest.fixture(params=["/v1/chat/completions", "/api/v1/chat/completions"], ids=["fast-lane", "drf"])
def path(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def gateway(
    ledger_db: None, wallet: Wallet, project: Project, alice: User, upstream: FakeUpstream, site: str, path: str
) -> Iterator[Gateway]:
    """Through both doors: what holds at one holds at the other. Every test ends with clean books."""
    snapshots.forget()
    health.forget()
    stats.forget()
    strangers.forget()
    price_api.forget()
    _, key = keys.generate(project, name="test", actor=alice)
    with httpx2.Client(base_url=site, headers={"authorization": f"Bearer {key}"}, timeout=20) as client:
        made = Gateway(site, path, key, upstream, client)
        made.offer("paris", "paris")
        yield made
    assert check.findings() == []


@pytest.fixture
def fakes(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    """With the models of the fake provider, which have two seconds."""
    quirks.forget()
    with fake_provider.serving() as address, override_settings(CLOD_FAKE_PROVIDER=True, CLOD_UPSTREAM_DEADLINE_S=2):
        monkeypatch.setenv("CLOD_FAKE_URL", address)
        call_command("load_catalog", *FAKE_FILES, stdout=StringIO())
        prices.backfill(clock.now(), AN_HOUR)
        snapshots.forget()
        yield gateway
