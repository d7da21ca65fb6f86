"""The whole ASGI application on a port of its own, in a thread of this process."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn


@contextmanager
def listening() -> Iterator[uvicorn.Server]:
    from clod_site import serve

    server = uvicorn.Server(serve.config(port=0, log_level="warning", timeout_graceful_shutdown=5))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.002)
        assert thread.is_alive()
    yield server
    server.should_exit = True
    thread.join(20)
    assert not thread.is_alive()


def address_of(server: uvicorn.Server) -> str:
    return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
