"""JSON values as Python literals, in the double-quoted style of most Python code."""

import json
from typing import Any

NARROW = 88  # a list or dict that fits is written on one line
INDENT = "    "


def python_value(value: Any, depth: int = 0) -> str:
    """What ``ast.literal_eval`` reads back as the same value. ``depth`` is how far the line it begins on is indented."""
    flat = _flat(value)
    if len(flat) + depth * len(INDENT) <= NARROW or not isinstance(value, (list, dict)) or not value:
        return flat
    inner = INDENT * (depth + 1)
    opening, closing = "[]" if isinstance(value, list) else "{}"
    lines = [f"{inner}{entry},\n" for entry in _entries(value, depth + 1)]
    return f"{opening}\n{''.join(lines)}{INDENT * depth}{closing}"


def _entries(value: list[Any] | dict[str, Any], depth: int) -> list[str]:
    if isinstance(value, list):
        return [python_value(entry, depth) for entry in value]
    return [f"{_text(key)}: {python_value(entry, depth)}" for key, entry in value.items()]


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(key)}: {_flat(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flat(entry) for entry in value) + "]"
    return _text(value) if isinstance(value, str) else repr(value)


def _text(text: str) -> str:
    """JSON's escapes are Python's as well."""
    return json.dumps(text, ensure_ascii=False)
