"""How many tokens a call used: what the upstream reports, when it can be believed; our own count otherwise."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from gateway.wire.messages import tokens_of

TOKEN_SIZED = 8  # characters

_usage = msgspec.json.Decoder(dict[str, Any])


class Reading(Struct, frozen=True):
    """Tokens to charge. ``is_estimated``: nobody reported them. ``is_suspect``: the report was absurd and was clamped."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    is_estimated: bool = False
    is_suspect: bool = False


class Meter:
    """Counts one call. ``prompt_limit`` and ``completion_limit`` are what the hold was made for."""

    def __init__(self, prompt_estimate: int, prompt_limit: int, completion_limit: int) -> None:
        self._prompt_estimate = min(prompt_estimate, prompt_limit)
        self._prompt_limit = prompt_limit
        self._completion_limit = completion_limit
        self._reported: dict[str, Any] | None = None
        self._pieces = 0
        self._characters = 0

    def wrote(self, characters: int) -> None:
        """The upstream delivered a piece of text; most send one token a piece, some several."""
        if characters:
            self._pieces += 1
            self._characters += characters

    def report(self, usage: Raw) -> None:
        """A usage object from the upstream; the last one counts (some send one with every chunk)."""
        try:
            self._reported = _usage.decode(usage)
        except (msgspec.DecodeError, RecursionError):
            if bytes(memoryview(usage)) != b"null":
                self._reported = {}

    def claimed(self, reading: Reading) -> tuple[int, int]:
        """Prompt and completion tokens the upstream will bill us for: what it says, however absurd; else those of our ``reading``."""
        usage = self._reported or {}
        prompt, completion = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
        return reading.prompt_tokens if prompt is None else prompt, reading.completion_tokens if completion is None else completion

    def reading(self) -> Reading:
        return self._estimate() if self._reported is None else self._believe(self._reported)

    def _estimate(self, *, is_suspect: bool = False) -> Reading:
        return Reading(self._prompt_estimate, min(self._written(), self._completion_limit), is_estimated=True, is_suspect=is_suspect)

    def _written(self) -> int:
        """Pieces as short as tokens are tokens; longer ones (a whole body is one) are counted by their characters."""
        is_token_by_token = self._characters <= self._pieces * TOKEN_SIZED
        return self._pieces if is_token_by_token else tokens_of(self._characters)

    def _believe(self, usage: dict[str, Any]) -> Reading:
        """The report; where a stream ended before its answer was counted (there is no such field yet), our count of that."""
        prompt, reported = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
        is_partial = "completion_tokens" not in usage and self._completion_limit > 0  # embeddings have none to tell
        completion = self._written() if is_partial else reported if "completion_tokens" in usage else 0
        if prompt is None or completion is None:
            return self._estimate(is_suspect=True)
        return Reading(
            prompt_tokens=min(prompt, self._prompt_limit),
            completion_tokens=min(completion, self._completion_limit),
            cached_tokens=_detail(usage, "prompt_tokens_details", "cached_tokens", prompt),
            reasoning_tokens=_detail(usage, "completion_tokens_details", "reasoning_tokens", completion),
            is_estimated=is_partial,
            is_suspect=prompt > self._prompt_limit or (reported or 0) > self._completion_limit,
        )


def _count(values: dict[str, Any], name: str) -> int | None:
    """A number of tokens, or None for anything that is none (negative, text, true)."""
    value = values.get(name)
    return value if type(value) is int and value >= 0 else None


def _detail(usage: dict[str, Any], group: str, name: str, most: int) -> int:
    details = usage.get(group)
    return min(_count(details, name) or 0, most) if isinstance(details, dict) else 0
