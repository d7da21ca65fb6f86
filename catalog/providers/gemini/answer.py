"""What Gemini answers, as OpenAI would. Its stream is a row of whole answers, each with the next words of every candidate."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from catalog.providers import openai
from catalog.providers.dialect import Blocked
from catalog.providers.openai import choice, chunk, tool_call

FINISH = {"MAX_TOKENS": "length"}
STOPPED = frozenset({"STOP", "OTHER", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"})
"""Everything else (SAFETY, RECITATION, BLOCKLIST, PROHIBITED_CONTENT, SPII, LANGUAGE, …) is a filter of theirs."""
UNSPECIFIED = "FINISH_REASON_UNSPECIFIED"
LONGEST_ID = 64


class FunctionCall(Struct):
    name: str = ""
    args: Any = None
    id: str = ""


class Part(Struct, rename="camel"):
    text: str = ""
    thought: bool = False
    thought_signature: str = ""
    function_call: FunctionCall | None = None


class Content(Struct):
    parts: list[Part] = []


class Token(Struct, rename="camel"):
    token: str = ""
    log_probability: float = 0.0


class Tokens(Struct):
    candidates: list[Token] = []


class Logprobs(Struct, rename="camel"):
    """Of each place the token that was chosen, and those that could have been."""

    chosen_candidates: list[Token] = []
    top_candidates: list[Tokens] = []


class Candidate(Struct, rename="camel"):
    content: Content | None = None
    logprobs_result: Logprobs | None = None
    finish_reason: str = ""
    index: int = 0

    def parts(self) -> list[Part]:
        return self.content.parts if self.content else []

    def has_finished(self) -> bool:
        return self.finish_reason not in {"", UNSPECIFIED}


class PromptFeedback(Struct, rename="camel"):
    block_reason: str = ""


class Error(Struct):
    message: str = ""


class Answer(Struct, rename="camel"):
    """``generateContent``'s answer, or one event of a stream."""

    candidates: list[Candidate] = []
    prompt_feedback: PromptFeedback | None = None
    usage_metadata: Any = None
    response_id: str = ""
    error: Error | None = None


_answer = msgspec.json.Decoder(Answer)


def completion(body: bytes) -> bytes:
    answer = openai.read(_answer, body)
    _not_blocked(answer)
    if not answer.candidates:
        raise ValueError("no candidates")
    calls = Calls()
    choices = [
        {
            "index": candidate.index,
            "message": _message(candidate, calls.of(candidate, answer.response_id)),
            "finish_reason": _finish(candidate, calls) or "stop",
        }
        | _logprobs(candidate)
        for candidate in answer.candidates
    ]
    return openai.write({"choices": choices, "usage": _usage(answer.usage_metadata, is_last=True)})


class Translator:
    """One stream; each candidate says its role once."""

    def __init__(self) -> None:
        self._calls = Calls()
        self._begun: set[int] = set()

    def feed(self, event: bytes) -> Iterator[bytes]:
        answer = openai.read(_answer, event)
        if not self._begun:  # later there is something to pay for
            _not_blocked(answer)
        if answer.error:
            yield openai.error(answer.error.message)
            return
        choices = [self._choice(candidate, answer.response_id) for candidate in answer.candidates]
        is_last = any(candidate.has_finished() for candidate in answer.candidates)
        usage = _usage(answer.usage_metadata, is_last=is_last)
        if choices or usage:
            yield chunk(choices, usage)

    def _choice(self, candidate: Candidate, response_id: str) -> dict[str, Any]:
        delta: dict[str, Any] = {} if candidate.index in self._begun else {"role": "assistant"}
        self._begun.add(candidate.index)
        before = self._calls.count(candidate)
        calls = self._calls.of(candidate, response_id)
        delta |= _words(candidate)
        if calls:
            delta["tool_calls"] = [{"index": before + offset} | call for offset, call in enumerate(calls)]
        return choice(candidate.index, delta, _finish(candidate, self._calls)) | _logprobs(candidate)


class Calls:
    """The function calls of each candidate so far. Gemini's may have no id; ours must differ from each other."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}

    def count(self, candidate: Candidate) -> int:
        return self._counts.get(candidate.index, 0)

    def of(self, candidate: Candidate, response_id: str) -> list[dict[str, Any]]:
        """Its next calls, as OpenAI's tool calls."""
        made = [part for part in candidate.parts() if part.function_call]
        first = self.count(candidate)
        self._counts[candidate.index] = first + len(made)
        return [_call(part, f"call_{response_id[:LONGEST_ID]}_{candidate.index}_{first + offset}") for offset, part in enumerate(made)]


def _not_blocked(answer: Answer) -> None:
    if answer.prompt_feedback and answer.prompt_feedback.block_reason and not answer.candidates:
        raise Blocked(answer.prompt_feedback.block_reason[:80])


def _message(candidate: Candidate, calls: list[dict[str, Any]]) -> dict[str, Any]:
    said: dict[str, Any] = {"role": "assistant", "content": None if calls else ""} | _words(candidate)
    return said | ({"tool_calls": calls} if calls else {})


def _words(candidate: Candidate) -> dict[str, str]:
    thoughts = "".join(part.text for part in candidate.parts() if part.thought)
    text = "".join(part.text for part in candidate.parts() if not part.thought)
    return ({"reasoning_content": thoughts} if thoughts else {}) | ({"content": text} if text else {})


def _call(part: Part, call_id: str) -> dict[str, Any]:
    """The signature of the thoughts behind a call has to come back with it; clients that keep unknown fields do that."""
    call = part.function_call or FunctionCall()
    arguments = openai.write({} if call.args is None else call.args).decode()
    made = tool_call(call.id or call_id, call.name, arguments)
    return made | ({"extra_content": {"google": {"thought_signature": part.thought_signature}}} if part.thought_signature else {})


def _finish(candidate: Candidate, calls: Calls) -> str | None:
    if not candidate.has_finished():
        return None
    if candidate.finish_reason in STOPPED:
        return "tool_calls" if calls.count(candidate) else "stop"
    return FINISH.get(candidate.finish_reason, "content_filter")


def _logprobs(candidate: Candidate) -> dict[str, Any]:
    """Empty where none were asked for."""
    found = candidate.logprobs_result
    if not found:
        return {}
    tops = found.top_candidates or [Tokens()] * len(found.chosen_candidates)
    tokens = [
        _token(chosen) | {"top_logprobs": [_token(token) for token in top.candidates]}
        for chosen, top in zip(found.chosen_candidates, tops, strict=False)
    ]
    return {"logprobs": {"content": tokens, "refusal": None}}


def _token(token: Token) -> dict[str, Any]:
    return openai.token(token.token, token.log_probability)


def _usage(usage: Any, *, is_last: bool) -> dict[str, Any] | None:
    """Counts so far; zeros are left out there. Its prompt includes what was cached, its candidates do not include their thoughts."""
    if not isinstance(usage, dict) or "promptTokenCount" not in usage:
        return None
    thoughts, written = usage.get("thoughtsTokenCount"), usage.get("candidatesTokenCount")
    return openai.usage(
        openai.total(usage.get("promptTokenCount"), usage.get("toolUsePromptTokenCount")),
        None if written is None and not is_last else openai.total(written, thoughts),
        cached=openai.total(usage.get("cachedContentTokenCount")),
        reasoning=openai.total(thoughts),
    )
