"""Plays scripts over HTTP, on loopback."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import msgspec
from aiohttp import web

from catalog.providers.fake import texts
from catalog.providers.fake.behaviours import BEHAVIOURS, NEVER_S, Behaviour
from catalog.providers.fake.request import FakeRequest, decoder
from catalog.providers.fake.script import Script, write

HOST = "127.0.0.1"
MOST_BYTES = 64 * 1024**2
WORDS_BEFORE_BREAKING = 3
ABSURD = {"prompt_tokens": -5, "completion_tokens": 10**12, "total_tokens": "many"}
STARTS_WITHIN_S = 10


def application() -> web.Application:
    made = web.Application(client_max_size=MOST_BYTES)
    made.router.add_post("/v1/chat/completions", partial(_complete, CHAT))
    made.router.add_post("/v1/completions", partial(_complete, TEXT))
    made.router.add_post("/v1/embeddings", _embed)
    made.router.add_get("/v1/models", _models)
    return made


@contextmanager
def serving(port: int = 0) -> Iterator[str]:
    """Its address, such as ``http://127.0.0.1:9150/v1``, while a thread of its own serves it; port 0 is a free one."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="fake-provider", daemon=True)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(start(port), loop).result(STARTS_WITHIN_S)
    try:
        yield address(runner)
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(STARTS_WITHIN_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(STARTS_WITHIN_S)
        loop.close()


async def start(port: int) -> web.AppRunner:
    runner = web.AppRunner(application(), handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()
    return runner


def address(runner: web.AppRunner) -> str:
    return f"http://{HOST}:{runner.addresses[0][1]}/v1"


async def _models(_: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": [{"id": name, "object": "model", "owned_by": "fake"} for name in BEHAVIOURS]})


class Form(NamedTuple):
    """How the same script is told at an address: its objects, and what a choice has of it."""

    read: Callable[[bytes], FakeRequest]
    whole: str
    piece: str
    said: Callable[[Script], dict[str, Any]]
    added: Callable[[dict[str, Any]], dict[str, Any]]


CHAT = Form(
    read=decoder.decode,
    whole="chat.completion",
    piece="chat.completion.chunk",
    said=lambda script: {"message": script.message()},
    added=lambda delta: {"delta": delta},
)
TEXT = Form(
    read=texts.read_completion,
    whole="text_completion",
    piece="text_completion",
    said=lambda script: {"text": script.message()["content"] or "", "logprobs": None},
    added=lambda delta: {"text": delta.get("content") or "", "logprobs": None},
)


async def _complete(form: Form, http: web.Request) -> web.StreamResponse:
    try:
        request = form.read(await http.read())
    except msgspec.DecodeError as error:
        return _refuse(400, f"Not a request of the fake provider's: {error}")
    behaviour = request.behaviour()
    if behaviour is None:
        return _unknown(request)
    if trouble := _trouble(http, request, behaviour):
        return trouble
    await asyncio.sleep(behaviour.first_s)
    script = write(request, behaviour)
    return await (_stream(form, http, request, behaviour, script) if request.stream else _whole(form, request, behaviour, script))


async def _embed(http: web.Request) -> web.Response:
    try:
        request, vectors = texts.read_embedding(await http.read())
    except msgspec.DecodeError as error:
        return _refuse(400, f"Not a request of the fake provider's: {error}")
    behaviour = request.behaviour()
    if behaviour is None:
        return _unknown(request)
    if trouble := _trouble(http, request, behaviour):
        return trouble
    await asyncio.sleep(behaviour.first_s)
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    told = _usage(request, behaviour, Script([], "stop", request.prompt_tokens()), 0)
    return _json({"object": "list", "data": data, "model": request.model} | told)


def _trouble(http: web.Request, request: FakeRequest, behaviour: Behaviour) -> web.Response | None:
    if not behaviour.takes_stream_options and request.stream_options is not None:
        return _refuse(400, "Unrecognized request argument supplied: stream_options")
    if behaviour.hangs_up:
        return _hang_up(http)
    return None if behaviour.status == 200 else _refuse(behaviour.status, behaviour.message, behaviour.retry_after_s)


def _unknown(request: FakeRequest) -> web.Response:
    return _refuse(404, f"There is no model {request.model!r}. There are {', '.join(BEHAVIOURS)}.")


def _refuse(status: int, message: str, retry_after_s: int | None = None) -> web.Response:
    headers = {} if retry_after_s is None else {"retry-after": str(retry_after_s)}
    return web.json_response({"error": {"message": message, "type": "fake", "param": None, "code": None}}, status=status, headers=headers)


def _hang_up(http: web.Request) -> web.Response:
    if http.transport:
        http.transport.abort()
    return web.Response()


async def _whole(form: Form, request: FakeRequest, behaviour: Behaviour, script: Script) -> web.Response:
    await asyncio.sleep(behaviour.pause_s * len(script.deltas))
    said = form.said(script) | {"finish_reason": script.finish_reason}
    answer = _named(request, form.whole) | {"choices": [{"index": index} | said for index in range(request.n)]}
    return _json(answer | _usage(request, behaviour, script, len(script.deltas)))


def _json(value: Any) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")


async def _stream(form: Form, http: web.Request, request: FakeRequest, behaviour: Behaviour, script: Script) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(http)
    named = _named(request, form.piece)
    for written, delta in enumerate(script.deltas, start=1):
        said = delta | ({"role": "assistant"} if written == 1 else {})
        so_far = _usage(request, behaviour, script, written) if behaviour.usage == "every" else {}
        await _event(response, named | {"choices": _choices(form, request, said, None)} | so_far)
        if behaviour.breaks and written == WORDS_BEFORE_BREAKING:
            return await _break(http, response, behaviour)
        await asyncio.sleep(behaviour.pause_s)
    await _event(response, named | {"choices": _choices(form, request, {}, script.finish_reason)})
    if request.wants_usage() and (usage := _usage(request, behaviour, script, len(script.deltas))):
        await _event(response, named | {"choices": []} | usage)
    if behaviour.says_done:
        await response.write(b"data: [DONE]\n\n")
    return response


async def _break(http: web.Request, response: web.StreamResponse, behaviour: Behaviour) -> web.StreamResponse:
    if behaviour.breaks == "error":
        await _event(response, {"error": {"message": "The server had an error."}})
    elif behaviour.breaks == "silence":
        await asyncio.sleep(NEVER_S)
    elif http.transport:
        http.transport.close()
    return response


async def _event(response: web.StreamResponse, value: dict[str, Any]) -> None:
    await response.write(b"data: " + msgspec.json.encode(value) + b"\n\n")


def _choices(form: Form, request: FakeRequest, delta: dict[str, Any], finish_reason: str | None) -> list[dict[str, Any]]:
    return [{"index": index, **form.added(delta), "finish_reason": finish_reason} for index in range(request.n)]


def _named(request: FakeRequest, kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-fake", "object": kind, "created": 0, "model": request.model}


def _usage(request: FakeRequest, behaviour: Behaviour, script: Script, written: int) -> dict[str, Any]:
    if behaviour.usage == "never":
        return {}
    if behaviour.usage == "absurd":
        return {"usage": ABSURD}
    return {"usage": script.usage(0 if behaviour.usage == "zero" else written * request.n) | _nothing(behaviour)}


def _nothing(behaviour: Behaviour) -> dict[str, int]:
    return {"prompt_tokens": 0, "total_tokens": 0} if behaviour.usage == "zero" else {}
