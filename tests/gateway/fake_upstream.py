"""An upstream that does what its model name says, and keeps a journal of what was asked of it and when its clients left."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

PAUSE_S = {"slow": 0.05, "forever": 0.05, "unhurried": 0.5}  # after each word
WORDS = ("The ", "capital ", "of ", "France ", "is ", "Paris", ".")


@dataclass
class Seen:
    """One call as the upstream saw it; times are ``time.monotonic()``."""

    model: str
    body: dict[str, Any]
    headers: dict[str, str]
    at: float = field(default_factory=time.monotonic)
    closed_at: float | None = None
    finished: bool = False


class FakeUpstream:
    """Behaviours by model name: echo, slow, forever, silent, hang, error-500, slow-error, error-401, overloaded-<status>-<Retry-After>,
    unhurried, refuse, not-json, cut-mid-stream, error-mid-stream, no-usage, usage-every-chunk, zero-usage, absurd-usage, huge-usage,
    hostile, no-done.
    """

    def __init__(self) -> None:
        self.journal: list[Seen] = []
        self.base_url = ""
        self.usage: Any = {"prompt_tokens": 20, "completion_tokens": 7, "total_tokens": 27}

    async def complete(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        seen = Seen(body["model"], body, dict(request.headers))
        self.journal.append(seen)
        try:
            answer = await self._answer(request, body, seen)
        except (ConnectionResetError, asyncio.CancelledError):
            seen.closed_at = time.monotonic()
            raise
        seen.finished = True
        return answer

    async def _answer(self, request: web.Request, body: dict[str, Any], seen: Seen) -> web.StreamResponse:
        model = body["model"]
        if model == "slow-error":
            await asyncio.sleep(0.5)
        if model in {"error-500", "slow-error"}:
            return web.json_response({"error": {"message": "GPU on fire"}}, status=500)
        if model.startswith("overloaded-"):
            _, status, retry_after = model.split("-", 2)
            headers = {"retry-after": retry_after} if retry_after else {}
            return web.json_response({"error": {"message": "too much to do"}}, status=int(status), headers=headers)
        if model == "error-401":
            return web.json_response({"error": {"message": "bad key sk-upstream-secret"}}, status=401)
        if model == "refuse":
            return web.json_response({"error": {"message": "temperature and top_p cannot both be set"}}, status=400)
        if model == "hang":
            await asyncio.sleep(30)
        if model == "not-json":
            return web.Response(text="<html>hello</html>", content_type="text/html")
        return await (self._stream(request, body) if body.get("stream") else self._whole(body))

    async def _whole(self, body: dict[str, Any]) -> web.Response:
        if body["model"] == "slow":
            await asyncio.sleep(2)
        message = {"role": "assistant", "content": "".join(WORDS)}
        if body["model"] == "echo":
            message["content"] = str(body["messages"][-1]["content"])
        completion = {
            "id": "up-1",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
            "secret_internal_field": "must not reach a client",
        }
        return web.json_response(completion | self._usage_field(body))

    def _usage_field(self, body: dict[str, Any]) -> dict[str, Any]:
        usage: dict[str, Any] = {
            "no-usage": {},
            "zero-usage": {"usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}},
            "absurd-usage": {"usage": {"prompt_tokens": -5, "completion_tokens": 10**12, "total_tokens": "many"}},
            "huge-usage": {"usage": {"prompt_tokens": 10**12, "completion_tokens": 10**12}},
        }
        return usage.get(body["model"], {"usage": self.usage})

    async def _stream(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        model = body["model"]
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        if model == "silent":
            await asyncio.sleep(30)
        words = WORDS * {"forever": 200, "unhurried": 12}.get(model, 1)
        for index, word in enumerate(words):
            extra = self._usage_field(body) if model == "usage-every-chunk" else {}
            await _event(response, {"choices": [{"index": 0, "delta": {"content": word, "evil": 1}, "finish_reason": None}]} | extra)
            if model in PAUSE_S:
                await asyncio.sleep(PAUSE_S[model])
            if index == 3 and model == "cut-mid-stream":
                request.transport.close()  # type: ignore[union-attr]
                return response
            if index == 3 and model == "error-mid-stream":
                await _event(response, {"error": {"message": "out of memory"}})
                return response
            if index == 3 and model == "hostile":
                await response.write(b"event: ping\r\nid: 7\r\ndata: [DONE\r\n\r\n")
                return response
        await _event(response, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        if body.get("stream_options", {}).get("include_usage") and model != "no-usage":
            await _event(response, {"choices": []} | self._usage_field(body))
        if model != "no-done":
            await response.write(b"data: [DONE]\n\n")
        return response


async def _event(response: web.StreamResponse, value: dict[str, Any]) -> None:
    chunk = {"id": "up-1", "object": "chat.completion.chunk", "created": 1, "model": "up"} | value
    await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")


@contextmanager
def serving(handler: Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]], path: str = "/v1/chat/completions") -> Iterator[str]:
    """An address on loopback where ``handler`` answers, from an event loop in a thread of its own."""
    loop = asyncio.new_event_loop()
    ready: list[str] = []
    is_up = threading.Event()

    async def up() -> web.AppRunner:
        application = web.Application(client_max_size=64 * 1024**2)
        application.router.add_post(path, handler)
        runner = web.AppRunner(application, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        ready.append(f"http://127.0.0.1:{runner.addresses[0][1]}{path.removesuffix('/chat/completions')}")
        is_up.set()
        return runner

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(up(), loop).result(10)
    try:
        is_up.wait(10)
        yield ready[0]
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
