"""The ASGI entry: the gateway's paths go through its own door, everything else to Django."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clod_site.settings")

from django.core.asgi import get_asgi_application

django = get_asgi_application()

from django.conf import settings  # noqa: E402

from gateway.door import Receive, Scope, Send, door, lifespan, opens  # noqa: E402


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "http" and settings.CLOD_FAST_LANE and opens(scope["path"]):
        await door(scope, receive, send)
    else:
        await django(scope, _any(receive), _any(send))


def _any(function: Any) -> Any:
    """Django's stubs describe ASGI messages more narrowly than the ASGI specification does."""
    return function
