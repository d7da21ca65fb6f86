"""The lines of a snippet that print what came: every choice where there are several, the calls of tools, a stream as it comes."""

from collections.abc import Mapping
from typing import Any


def python(body: Mapping[str, Any]) -> str:
    if body.get("stream"):
        return f"for chunk in stream:\n    for choice in chunk.choices:\n        {_python_piece(body)}"
    if _is_several(body):
        return f"for choice in completion.choices:\n    print(choice.{_part(body)})"
    return f"print(completion.choices[0].{_part(body)})"


def node(body: Mapping[str, Any]) -> str:
    if body.get("stream"):
        return f"for await (const chunk of stream) {{\n  for (const choice of chunk.choices) {_node_piece(body)};\n}}"
    if _is_several(body):
        return f"for (const choice of completion.choices) console.log(choice.{_part(body)});"
    return f"console.log(completion.choices[0].{_part(body)});"


def _part(body: Mapping[str, Any]) -> str:
    return "message" if body.get("tools") else "message.content"


def _is_several(body: Mapping[str, Any]) -> bool:
    return (body.get("n") or 1) > 1


def _python_piece(body: Mapping[str, Any]) -> str:
    """Pieces of several choices come mixed: each is told with its number."""
    if body.get("tools"):
        return "print(choice.index, choice.delta)"
    if _is_several(body):
        return 'print(choice.index, choice.delta.content or "")'
    return 'print(choice.delta.content or "", end="", flush=True)'


def _node_piece(body: Mapping[str, Any]) -> str:
    if body.get("tools"):
        return "console.log(choice.index, choice.delta)"
    if _is_several(body):
        return 'console.log(choice.index, choice.delta.content ?? "")'
    return 'process.stdout.write(choice.delta.content ?? "")'
