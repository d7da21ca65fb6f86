"""What is sent to an endpoint: the request in the words of its adapter."""

from collections.abc import Coroutine, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from catalog.operations import CHAT, PATHS
from catalog.providers import ADAPTERS, Adapter
from catalog.providers.dialect import Order, Unsupported
from catalog.snapshot import ModelCard, Route
from clod_site.lib import destinations
from gateway.upstream import guard, pools, quirks
from gateway.upstream.connection import Response
from gateway.upstream.pools import Pool
from gateway.wire import request
from gateway.wire.request import Ask

EVENT_STREAM = "text/event-stream"
NO_TRACE: Mapping[str, str] = MappingProxyType({})


class Dispatch(msgspec.Struct, frozen=True):
    """A request ready to be sent. The credential is in its headers and nowhere else."""

    url: str
    headers: dict[str, str]
    body: bytes
    wants_usage: bool
    pool: Pool = Pool.DEPLOYERS

    def send(self) -> Coroutine[Any, Any, Response]:
        """``pools.post`` of it. Denied, at once, for an operator's address that may not be reached."""
        if self.pool is not Pool.DEPLOYERS:
            guard.check(self.url, destinations.for_operators())
        return pools.post(self.pool, self.url, self.headers, self.body)


def prepare(ask: Ask, route: Route, output_limit: int, trace: Mapping[str, str] = NO_TRACE) -> Dispatch:
    """``trace`` are headers that continue the call's trace. Raises Unsupported where there was an ``objection`` nobody asked for."""
    adapter = adapter_for(route)
    path, body = _in_dialect(adapter, ask, route, output_limit) or (
        PATHS[ask.operation],
        request.upstream_body(ask, route, adapter, output_limit),
    )
    return Dispatch(
        url=f"{route.base_url.rstrip('/')}/{path}",
        headers={**_headers(adapter, ask, route), **trace},
        body=body,
        wants_usage=ask.is_stream and adapter.usage_option and adapter.dialect is None,
        pool=_pool(route),
    )


def _pool(route: Route) -> Pool:
    if route.is_deployers:
        return Pool.DEPLOYERS
    return Pool.WITH_TLS if route.base_url.startswith("https:") else Pool.PLAIN


def objection(ask: Ask, card: ModelCard, route: Route) -> Unsupported | None:
    """What keeps this provider from doing what is asked, told by trying: only those with a dialect have any."""
    adapter = ADAPTERS[route.adapter]
    if adapter.dialect is None:
        return None
    if ask.operation != CHAT:
        return Unsupported(f"it has no /{PATHS[ask.operation]} in OpenAI's words")
    try:
        adapter.dialect.body(_order(ask, route, ask.output_bound(card)))
    except Unsupported as unsupported:
        return unsupported
    return None


def adapter_for(route: Route) -> Adapter:
    adapter = ADAPTERS[route.adapter]
    return msgspec.structs.replace(adapter, usage_option=False) if quirks.dislikes_usage_option(route.endpoint_id) else adapter


def _in_dialect(adapter: Adapter, ask: Ask, route: Route, output_limit: int) -> tuple[str, bytes] | None:
    if adapter.dialect is None:
        return None
    order = _order(ask, route, output_limit)
    return adapter.dialect.path(order), adapter.dialect.body(order)


def _order(ask: Ask, route: Route, output_limit: int) -> Order:
    return Order(ask.fields, route.upstream_model, output_limit, ask.is_stream)


def _headers(adapter: Adapter, ask: Ask, route: Route) -> dict[str, str]:
    headers = {"content-type": "application/json", "accept": EVENT_STREAM if ask.is_stream else "application/json", **dict(adapter.headers)}
    if route.credential:
        headers[adapter.credential_header] = adapter.credential_prefix + route.credential
    return headers
