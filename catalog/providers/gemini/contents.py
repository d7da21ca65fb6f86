"""Messages as Gemini's contents: user and model take turns, the system's words stand apart, results of tools are the user's."""

import mimetypes
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import msgspec

from catalog.providers import wish
from catalog.providers.dialect import Unsupported
from catalog.providers.wish import SYSTEM, Message, Part, ToolCall

Piece = dict[str, Any]


def system(messages: Sequence[Message]) -> dict[str, Any]:
    """What system and developer messages say, wherever they stand."""
    parts = [{"text": part.text} for message in messages if message.role in SYSTEM for part in message.parts()]
    return {"parts": parts} if parts else {}


def contents(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """The conversation; messages that follow each other in one role become one content."""
    pieces = list(_pieces(messages))
    return [{"role": role, "parts": [piece for _, piece in group]} for role, group in groupby(pieces, lambda pair: pair[0])]


def _pieces(messages: Sequence[Message]) -> Iterator[tuple[str, Piece]]:
    """Each part with its role. A tool's result names the function, which only the call before it knows."""
    called: dict[str, str] = {}
    for message in messages:
        if message.role == "tool":
            yield "user", _result(message, called)
        elif message.role == "assistant":
            yield from (("model", piece) for piece in _said(message))
            called |= {call.id: call.function.name for call in message.tool_calls or ()}
        elif message.role not in SYSTEM:
            yield from (("user", _piece(part)) for part in message.parts())


def _said(message: Message) -> list[Piece]:
    refused = [{"text": message.refusal}] if message.refusal else []
    return [_piece(part) for part in message.parts()] + refused + [_call(call) for call in message.tool_calls or ()]


def _call(call: ToolCall) -> Piece:
    """With the signature of the thoughts behind it, where the client gave back what it was given."""
    piece: Piece = {"functionCall": {"name": call.function.name, "args": wish.arguments(call)}}
    google = (call.extra_content or {}).get("google")
    if isinstance(google, dict) and google.get("thought_signature"):
        piece["thoughtSignature"] = google["thought_signature"]
    return piece


def _result(message: Message, called: dict[str, str]) -> Piece:
    name = called.get(message.tool_call_id or "")
    if name is None:
        raise Unsupported(
            f"No earlier message made the tool call '{message.tool_call_id}', so its function is not known.",
            param="messages[].tool_call_id",
        )
    return {"functionResponse": {"name": name, "response": _object(message.text())}}


def _object(text: str) -> dict[str, Any]:
    """Gemini takes results as objects."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {"output": text}


def _piece(part: Part) -> Piece:
    if part.type in {"text", "refusal"}:
        return {"text": part.text or part.refusal}
    if part.type == "input_audio" and part.input_audio:
        return _inline(f"audio/{part.input_audio.format}", part.input_audio.data)
    if part.type == "file" and part.file:
        return _file(part.file.file_data or "")
    if link := part.image_url or part.video_url:
        return _linked(link.url)
    raise Unsupported(f"Gemini takes text, images, audio, video and files, not parts of type '{part.type}'.", param="messages[].content")


def _file(data: str) -> Piece:
    if found := wish.data_url(data):
        return _inline(*found)
    raise Unsupported("Send files to Gemini as 'file_data', a base64 data: URL.", param="messages[].content[].file")


def _linked(url: str) -> Piece:
    if found := wish.data_url(url):
        return _inline(*found)
    if not url.startswith("https://"):
        raise Unsupported("Send images as base64 data: URLs or as https:// links.", param="messages[].content[].image_url.url")
    kind, _ = mimetypes.guess_type(url.partition("?")[0])
    return {"fileData": {"fileUri": url} | ({"mimeType": kind} if kind else {})}


def _inline(media_type: str, data: str) -> Piece:
    return {"inlineData": {"mimeType": media_type, "data": data}}
