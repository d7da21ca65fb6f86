"""A stream put together: the pieces of every choice as the whole answer would have had them."""

from collections.abc import Iterable
from typing import Any

_TEXTS = frozenset(("content", "refusal", "reasoning_content", "arguments", "text", "transcript", "data"))


class _Text(list[str]):
    """A text that is still growing."""


def choices(pieces: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """``pieces`` are choices of chunks, in their order; deltas become messages."""
    found: dict[int, dict[str, Any]] = {}
    for piece in pieces:
        _add(found.setdefault(piece.get("index", 0), {}), piece)
    return [_whole(found[index]) for index in sorted(found)]


def _add(into: dict[str, Any], piece: dict[str, Any]) -> None:
    for name, value in piece.items():
        before = into.get(name)
        if isinstance(value, dict):
            into[name] = before if isinstance(before, dict) else {}
            _add(into[name], value)
        elif isinstance(value, list):
            into[name] = _extended(before if isinstance(before, list) else [], value)
        elif name in _TEXTS and isinstance(value, str):
            into[name] = before if isinstance(before, _Text) else _Text()
            into[name].append(value)
        elif value is not None or before is None:
            into[name] = value


def _extended(before: list[Any], more: list[Any]) -> list[Any]:
    """Entries with an index, such as tool calls, come in pieces themselves; others are whole."""
    for entry in more:
        known = next(
            (each for each in before if isinstance(entry, dict) and "index" in entry and each.get("index") == entry["index"]), None
        )
        if known is None:
            before.append(known := {} if isinstance(entry, dict) else entry)
        if isinstance(entry, dict):
            _add(known, entry)
    return before


def _whole(choice: dict[str, Any]) -> dict[str, Any]:
    ended: dict[str, Any] = _joined(choice)
    if "delta" in ended:
        message = {"role": "assistant", "content": None} | ended.pop("delta")
        for call in message.get("tool_calls") or ():
            call.pop("index", None)
        ended["message"] = message
    return ended


def _joined(value: Any) -> Any:
    if isinstance(value, _Text):
        return "".join(value)
    if isinstance(value, dict):
        return {name: _joined(each) for name, each in value.items()}
    return [_joined(each) for each in value] if isinstance(value, list) else value
