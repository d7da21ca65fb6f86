"""The event loop the gateway lives on, and how it starts and ends with its process."""

import asyncio
import logging
import threading

from activity.bodies import keeper
from billing import holds
from catalog import stats
from gateway import lag, shared_conversations, snapshots, tracing, upstream
from gateway.errors import Unavailable
from gateway.exchange import Exchange
from projects import limits

log = logging.getLogger("gateway")

LEDGER_STOP_S = 20.0
BODIES_STOP_S = 5.0

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
    lag.watch()
    tracing.start()
    holds.start()
    await limits.warm()
    stats.share()
    try:
        await snapshots.catalog()
    except Unavailable as error:
        log.error("Starting without a catalog, and without answers until there is one: %s", error.message)


async def stop() -> None:
    """Settle what is still running (the server gave it ``CLOD_DRAIN_S`` to end by itself), and let the ledger finish."""
    if ending := [asyncio.create_task(exchange.shut_down()) for exchange in list(Exchange.running)]:
        await asyncio.wait(ending, timeout=LEDGER_STOP_S)  # with the ledger away they end later, or the sweeper ends them
    lag.forget()
    await upstream.close_client()
    await limits.close()
    await shared_conversations.close()
    await asyncio.to_thread(stats.stop_sharing)
    await asyncio.to_thread(snapshots.forget)
    await asyncio.to_thread(holds.stop, LEDGER_STOP_S)
    await asyncio.to_thread(keeper.stop, BODIES_STOP_S)
    await asyncio.to_thread(tracing.stop)
