"""Make what upstreams and clients said storable: a stray character or an absurd number must never block a charge."""

from typing import Any, overload


def storable(text: str, max_length: int) -> str:
    """Text that both databases take: no NUL, no lone surrogate, not too long."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\0", "")[:max_length]


def storable_json(value: Any) -> Any:
    """The same for every string in a JSON value; numbers JSON cannot say become null, unknown types their text."""
    if isinstance(value, str):
        return storable(value, len(value))
    if isinstance(value, dict):
        return {storable_json(str(key)): storable_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(item) for item in value]
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    return value if value is None or isinstance(value, bool | int) else storable(str(value), 200)


@overload
def clamp(number: int, bits: int) -> int: ...
@overload
def clamp(number: None, bits: int) -> None: ...
@overload
def clamp(number: int | None, bits: int) -> int | None: ...
def clamp(number: int | None, bits: int) -> int | None:
    """A count or an amount between 0 and what ``bits`` bits hold; None stays None."""
    return number if number is None or 0 <= number < 1 << bits else max(0, min(number, (1 << bits) - 1))
