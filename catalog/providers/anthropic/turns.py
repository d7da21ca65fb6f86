"""Messages as Anthropic's turns: user and assistant take turns, the system's words stand apart, results of tools are the user's."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from catalog.providers import wish
from catalog.providers.dialect import Unsupported
from catalog.providers.wish import SYSTEM, File, Message, Part

Block = dict[str, Any]
_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")


def system(messages: Sequence[Message]) -> list[Block]:
    """What system and developer messages say, wherever they stand."""
    return [_text(part.text) for message in messages if message.role in SYSTEM for part in message.parts()]


def turns(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """The conversation; messages that follow each other in one role become one turn."""
    spoken = [(_role(message), block) for message in messages if message.role not in SYSTEM for block in _blocks(message)]
    turns = [{"role": role, "content": [block for _, block in group]} for role, group in groupby(spoken, lambda pair: pair[0])]
    return _without_space_at_the_end(turns)


def _role(message: Message) -> str:
    return "assistant" if message.role == "assistant" else "user"


def _blocks(message: Message) -> list[Block]:
    if message.role == "tool":
        return [_result(message)]
    said = [_block(part) for part in message.parts()]
    if message.role != "assistant":
        return said
    refused = [_text(message.refusal)] if message.refusal else []
    return said + refused + [_use(call) for call in message.tool_calls or ()]


def _result(message: Message) -> Block:
    content = [_block(part) for part in message.parts()]
    return {"type": "tool_result", "tool_use_id": _id(message.tool_call_id or ""), "content": content}


def _use(call: wish.ToolCall) -> Block:
    return {"type": "tool_use", "id": _id(call.id), "name": call.function.name, "input": wish.arguments(call)}


def _id(call_id: str) -> str:
    """Other providers' ids may hold characters that Anthropic refuses; a call and its result change alike."""
    return _NOT_IN_IDS.sub("_", call_id) or "_"


def _block(part: Part) -> Block:
    if part.type in {"text", "refusal"}:
        return _text(part.text or part.refusal)
    if part.type == "image_url" and part.image_url:
        return {"type": "image", "source": _image(part.image_url.url)}
    if part.type == "file" and part.file:
        return _document(part.file)
    raise Unsupported(f"Claude takes text, images and files, not parts of type '{part.type}'.", param="messages[].content")


def _text(text: str) -> Block:
    return {"type": "text", "text": text}


def _image(url: str) -> Block:
    if found := wish.data_url(url):
        return {"type": "base64", "media_type": found[0], "data": found[1]}
    if url.startswith(("https://", "http://")):
        return {"type": "url", "url": url}
    raise Unsupported("Send images as base64 data: URLs or as https:// links.", param="messages[].content[].image_url.url")


def _document(file: File) -> Block:
    found = wish.data_url(file.file_data or "")
    if not found or found[0] != "application/pdf":
        raise Unsupported("Send files to Claude as 'file_data', a base64 data: URL of a PDF.", param="messages[].content[].file")
    source = {"type": "base64", "media_type": found[0], "data": found[1]}
    return {"type": "document", "source": source} | ({"title": file.filename} if file.filename else {})


def _without_space_at_the_end(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of an assistant's turn that comes last, which Anthropic takes for the beginning of the answer."""
    if turns and turns[-1]["role"] == "assistant" and "text" in (last := turns[-1]["content"][-1]):
        last["text"] = last["text"].rstrip() or "…"
    return turns
