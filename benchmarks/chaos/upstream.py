"""A model server of its own process: ``python -m benchmarks.chaos.upstream PORT JOURNAL``.

It is the tests' fake upstream, with a journal on disk: the number of every call and when it came, a line each, written before it answers.
"""

import sys
import time
from pathlib import Path

from aiohttp import web

from tests.gateway.fake_upstream import FakeUpstream


class Noting(FakeUpstream):
    def __init__(self, journal: Path) -> None:
        super().__init__()
        self._notes = journal.open("a", buffering=1)

    async def complete(self, request: web.Request) -> web.StreamResponse:
        self._notes.write(f"{(await request.json())['max_tokens']} {time.time()}\n")
        return await super().complete(request)


def main(port: int, journal: Path) -> None:
    application = web.Application()
    application.router.add_post("/v1/chat/completions", Noting(journal).complete)
    web.run_app(application, host="127.0.0.1", port=port, handler_cancellation=True, access_log=None, print=None, shutdown_timeout=1)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
