"""A fake Anthropic and a fake Gemini: they answer at their own paths what was recorded, and remember what they were asked."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from catalog.models import Model, Provider
from gateway import snapshots
from tests.gateway import shop
from tests.gateway.conftest import Gateway
from tests.gateway.fake_upstream import serving
from tests.providers.speaking import recorded

SECRET = "secret-of-our-account"
PATHS = {"anthropic": "/v1/messages", "gemini": "/v1beta/models/{call}"}


@dataclass
class ProviderServer:
    """``answer`` is the name of a recorded answer, or bytes; ``status`` that of the next answers; ``stalls``: it says no more after it."""

    adapter: str
    answer: str | bytes = ""
    status: int = 200
    stalls: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    base_url: str = ""

    async def complete(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(json.loads(await request.read()))
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        self.urls.append(str(request.rel_url))
        body = recorded(f"{self.adapter}/{self.answer}") if isinstance(self.answer, str) else self.answer
        is_stream = str(self.answer).endswith(".sse") or body.startswith((b"data:", b"event:"))
        response = web.StreamResponse(
            status=self.status, headers={"content-type": "text/event-stream" if is_stream else "application/json; charset=utf-8"}
        )
        await response.prepare(request)
        await response.write(body)
        if self.stalls:
            await asyncio.sleep(30)
        return response

    def provider(self) -> Provider:
        row = shop.provider(self.adapter, adapter=self.adapter, needs_credential=True, base_url=self.base_url)
        row.set_credential(SECRET)
        row.save()
        return row


@contextmanager
def provider_server(gateway: Gateway, adapter: str, model: str, **fields: Any) -> Iterator[tuple[ProviderServer, Model]]:
    """A provider with one model that customers know as ``clever``."""
    server = ProviderServer(adapter, **fields)
    path = PATHS[adapter]
    with serving(server.complete, path) as address:
        server.base_url = address.removesuffix("/messages").removesuffix("/models/{call}")
        clever = shop.model("clever", category="third_party", context_window=200_000, max_output_tokens=8000)
        shop.endpoint(clever, "", model, provider=server.provider(), fee=500)
        snapshots.forget()
        yield server, clever
