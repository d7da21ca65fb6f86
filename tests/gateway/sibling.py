"""A second web process on the database of a test: ``python -m tests.gateway.sibling PORT``, with the database as JSON on stdin."""

import json
import os
import sys

import uvicorn


def main(port: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clod_site.settings")
    from django.conf import settings

    settings.DATABASES["default"] |= json.loads(sys.stdin.readline())
    from clod_site import serve

    uvicorn.Server(serve.config(port=port, log_level="warning", timeout_graceful_shutdown=5)).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
