"""docs/api.md: its examples are sent to a real gateway, what it shows is what comes back, and it names all there is."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from catalog import prices
from catalog.models import DataCenter
from catalog.providers.fake import server as fake_provider
from clod_site.lib import clock
from gateway import door, snapshots
from gateway.wire import fields
from gateway.wire.completions import request as completions
from gateway.wire.embeddings import request as embeddings
from tests.catalog import stock
from tests.gateway import shop
from tests.gateway.conftest import Gateway

PAGE = Path(settings.BASE_DIR, "docs", "api.md").read_text()
EXAMPLE = re.compile(r"```http\n(GET|POST) ([^\n]+)\n(?:\n(.*?)\n)?```(?:\n\n```json\n(.*?)\n```)?", re.DOTALL)
EXAMPLES = [match.groups() for match in EXAMPLE.finditer(PAGE)]


@pytest.fixture
def fake_address() -> Iterator[str]:
    with fake_provider.serving() as address:
        yield address


@pytest.fixture
def catalogue(gateway: Gateway, fake_address: str) -> Gateway:
    """The models the page speaks of, at the prices of its examples."""
    joules = {"input_joule_per_token": 0.065, "output_joule_per_token": 1.3}
    gateway.offer("deepseek-v3", "paris", name="DeepSeek V3", vendor_id="deepseek-ai/DeepSeek-V3", max_output_tokens=8192, **joules)
    gpt = shop.model("gpt-4o", name="GPT 4o", category="third_party", context_window=128000)
    seller = shop.provider("openai", name="OpenAI", website_url="https://openai.com", base_url="https://api.openai.com/v1")
    shop.endpoint(gpt, gateway.upstream.base_url, "paris", provider=seller, fee=500)
    snapshots.forget()
    shop.endpoint(shop.model("embed", name="Text Embedding 3 small", operations=["embeddings"], max_output_tokens=0), fake_address, "echo")
    shop.endpoint(shop.model("llama", name="Llama 3.1 8B Instruct", operations=["completions"]), fake_address, "echo")
    DataCenter.objects.update(market="ERCOT", node="HB_NORTH")
    prices.backfill(clock.now(), stock.TWO_HOURS)
    snapshots.forget()
    gateway.complete("deepseek-v3")
    return gateway


def _send(gateway: Gateway, method: str, address: str, body: str | None) -> Any:
    base = gateway.path.removesuffix("/chat/completions")
    return gateway.client.request(method, base + address.removeprefix("/v1"), content=body)


def _missing(shown: Any, real: Any, path: str = "") -> list[str]:
    """Paths of what the page shows and the answer lacks."""
    if isinstance(shown, dict) and isinstance(real, dict):
        gone = [f"{path}.{name}" for name in shown.keys() - real.keys()]
        return gone + [one for name in shown.keys() & real.keys() for one in _missing(shown[name], real[name], f"{path}.{name}")]
    if isinstance(shown, list) and isinstance(real, list) and shown and real:
        return _missing(shown[0], real[0], f"{path}[0]")
    return [] if isinstance(real, type(shown)) or {type(shown), type(real)} <= {int, float, type(None)} else [path]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example[1][:40])
def test_an_example_does_what_it_shows(catalogue: Gateway, example: tuple[str, str, str | None, str | None]) -> None:
    method, address, body, shown = example
    response = _send(catalogue, method, address, body)
    expected = json.loads(shown) if shown else {}
    assert response.status_code == (400 if "error" in expected else 200), response.text
    if shown:
        assert _missing(expected, response.json()) == []
    if "error" in expected:
        assert response.json() == expected


def test_there_are_examples_of_every_address() -> None:
    assert len(EXAMPLES) >= 9
    for method, pattern, _ in door.PATHS:
        written = pattern.pattern.replace("(?P<name>.+)", "{name}").replace("(?P<public_id>[^/]+)", "{id}")
        assert written.startswith("/v1") is (f"| `{method} {written}` |" in PAGE)


def test_every_field_we_know_is_explained() -> None:
    for name in fields.KNOWN.keys() | completions.KNOWN.keys() | embeddings.KNOWN.keys():
        assert f"`{name}`" in PAGE or f"`{name}." in PAGE


def test_every_header_of_an_answer_is_explained(catalogue: Gateway) -> None:
    catalogue.offer("gift", "paris", is_free=True)
    told = {name for model in ("gift", "nothing") for name in catalogue.complete(model).headers}
    ours = {name for name in told if name.startswith(("x-clod", "x-ratelimit", "x-request"))}
    assert len(ours) >= 12
    for name in ours:
        assert f"`{name}`" in PAGE


def test_every_detail_of_the_cost_is_explained(catalogue: Gateway) -> None:
    for name in catalogue.complete().json()["usage"]["cost_details"]:
        assert f"`cost_details.{name}`" in PAGE
