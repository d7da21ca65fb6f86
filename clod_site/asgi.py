"""The ASGI entry, for whatever the gateway does not answer itself: gateway.connection takes its paths before they get here."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clod_site.settings")

from django.core.asgi import get_asgi_application

django = get_asgi_application()

from gateway.door import Receive, Send, lifespan  # noqa: E402


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    else:
        await django(scope, _any(receive), _any(send))


def _any(function: Any) -> Any:
    """Django's stubs describe ASGI messages more narrowly than the ASGI specification does."""
    return function
