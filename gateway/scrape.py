"""``GET /metrics``: what this process measures, in Prometheus' text format. Each web process has its own, so each is asked by itself.

For whoever has the token (``CLOD_METRICS_TOKEN``), and without it for this machine and ``CLOD_METRICS_NETWORKS``. Nobody else is told
that there is such a page.
"""

import asyncio
import hmac
import platform
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from clod_site.lib import measures
from clod_site.lib.measures import Gauge
from gateway import addresses, readings, snapshots
from gateway.calls import Call, Reply
from gateway.errors import NoSuchPath
from gateway.exchange import Exchange
from gateway.gate import gate

FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip", "via")
UNCACHED = [("cache-control", "no-store")]
_writers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="metrics")


async def metrics(call: Call) -> Reply:
    if not may_read(call):
        raise NoSuchPath("There is nothing at /metrics.")
    await readings.refresh()
    text = await asyncio.get_running_loop().run_in_executor(_writers, measures.text)
    return Reply(200, [("content-type", CONTENT_TYPE_PLAIN_0_0_4), *UNCACHED], text)


def may_read(call: Call) -> bool:
    scheme, _, token = call.authorization.partition(" ")
    if settings.CLOD_METRICS_TOKEN and scheme.lower() == "bearer":
        return hmac.compare_digest(token.strip().encode(), settings.CLOD_METRICS_TOKEN.encode())
    return _is_near(call)


def _is_near(call: Call) -> bool:
    """Whoever comes through a proxy on this machine is not on it, whether or not we were told to trust that proxy."""
    address = addresses.parse(call.address)
    if address is None or any(call.header(name) for name in FORWARDED):
        return False
    return address.is_loopback or any(address in network for network in settings.CLOD_METRICS_NETWORKS)


def _build() -> measures.Readings:
    return {(settings.CLOD_RELEASE, platform.python_version(), settings.MODE): 1}


def _running(is_stream: bool) -> float:
    return sum(exchange.is_stream is is_stream for exchange in list(Exchange.running))


Gauge("clod_build_info", "Always 1; its labels say what runs here.", _build, ("release", "python", "mode"))
Gauge("clod_streams_running", "Streams between their hold and their settlement.", lambda: _running(True))
Gauge("clod_wholes_running", "Calls without a stream between their hold and their settlement.", lambda: _running(False))
Gauge("clod_connections_open", "Connections of clients and proxies to this process.", lambda: gate.connections)
Gauge("clod_request_bodies_bytes", "Request bodies in memory.", lambda: gate.body_bytes)
Gauge(
    "clod_catalog_age_seconds",
    "Since the catalog was compared with the database.",
    snapshots.catalog_age_s,
)
