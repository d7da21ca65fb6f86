"""The web server of production, one process: ``python -m clod_site.serve --port 8000``.

It is uvicorn with a bounded connection (gateway.connection). uvicorn's own command cannot be told of one.
"""

import argparse
import gc
import os
from typing import Any

import uvicorn

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clod_site.settings")

import django
from django.apps import apps
from django.conf import settings

from clod_site.lib import log_lines

OBJECTS_BEFORE_COLLECTING = 20_000


def config(**options: Any) -> uvicorn.Config:
    """What every server of this site has in common. Proxies are gateway.addresses' matter, so uvicorn does not look at them."""
    if not apps.ready:
        django.setup()  # uvicorn wants the connection before it imports the application
    from gateway.connection import Connection

    common: dict[str, Any] = {
        "loop": "uvloop",
        "http": Connection,
        "ws": "none",
        "lifespan": "on",
        "proxy_headers": False,
        "server_header": False,
    }
    common |= {"log_config": None, "access_log": False, "timeout_graceful_shutdown": settings.CLOD_DRAIN_S}
    return uvicorn.Config("clod_site.asgi:application", **common | options)


def spare_the_collector(configured: uvicorn.Config) -> None:
    """What a process has loaded when it begins to serve stays as long as it does. To look through that again and again took a busy
    process a quarter of its time."""
    configured.load()
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BEFORE_COLLECTING, 20, 20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=settings.PORT)
    arguments = parser.parse_args()
    log_lines.take_over()
    configured = config(host=arguments.host, port=arguments.port)
    spare_the_collector(configured)
    uvicorn.Server(configured).run()


if __name__ == "__main__":
    main()
