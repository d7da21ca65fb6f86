"""An upstream that repeats what it is told, in answers and in its errors; in a thread of this process, with nothing on disk."""

import asyncio
import json
from typing import Any

from aiohttp import web

ENDPOINTS = ("echoes", "fails", "refuses", "hangs", "goes-on")
PAUSE_S = 0.05


async def complete(request: web.Request) -> web.StreamResponse:
    body = json.loads(await request.read())
    said = str(body["messages"][-1]["content"])
    if body["model"] in {"fails", "refuses"}:
        error = {"error": {"message": f"I cannot answer this: {said}"}}
        return web.json_response(error, status=500 if body["model"] == "fails" else 400)
    if body["model"] == "hangs":
        await asyncio.sleep(60)
    return await (_stream(request, body["model"], said) if body.get("stream") else _whole(said))


async def _whole(said: str) -> web.Response:
    choice = {"index": 0, "message": {"role": "assistant", "content": f"You said: {said}"}, "finish_reason": "stop"}
    return web.json_response({"choices": [choice], "usage": {"prompt_tokens": 20, "completion_tokens": 20}})


async def _stream(request: web.Request, model: str, said: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    for _ in range(2000 if model == "goes-on" else 3):
        await _event(response, {"choices": [{"index": 0, "delta": {"content": f"You said: {said}\n"}}]})
        await asyncio.sleep(PAUSE_S)
    await _event(response, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    await response.write(b"data: [DONE]\n\n")
    return response


async def _event(response: web.StreamResponse, value: dict[str, Any]) -> None:
    await response.write(b"data: " + json.dumps(value).encode() + b"\n\n")
