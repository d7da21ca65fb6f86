"""The event loop the gateway lives on, and how it starts and ends with its process."""

import asyncio
import threading

from django.conf import settings

from billing import holds
from gateway import snapshots, upstream
from gateway.exchange import Exchange

LEDGER_STOP_S = 20.0

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def loop() -> asyncio.AbstractEventLoop:
    """The server's own loop where there is one; otherwise (a WSGI server, a test client) a thread's."""
    global _loop
    with _lock:
        if _loop is None or _loop.is_closed():
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="gateway-loop", daemon=True).start()
        return _loop


async def start() -> None:
    """Warm what the first call needs."""
    global _loop
    _loop = asyncio.get_running_loop()
    holds.start()
    await snapshots.catalog()


async def stop() -> None:
    """Let running calls end by themselves for a while, settle the rest, and let the ledger finish."""
    running = list(Exchange.running)
    if running:
        await asyncio.wait([asyncio.ensure_future(exchange.finished()) for exchange in running], timeout=settings.CLOD_DRAIN_S)
    for exchange in list(Exchange.running):
        exchange.shut_down()
        await exchange.finished()
    await upstream.close_client()
    await asyncio.to_thread(snapshots.forget)
    await asyncio.to_thread(holds.stop, LEDGER_STOP_S)
