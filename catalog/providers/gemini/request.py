"""A chat completion as a request to Gemini."""

import re
from typing import Any

from catalog.providers import wish
from catalog.providers.dialect import Order, Unsupported
from catalog.providers.gemini.contents import contents, system
from catalog.providers.wish import NamedTool, Tool, Wish

WHO = "Gemini"
TAKEN = frozenset(
    {"temperature", "top_p", "top_k", "stop", "n", "seed", "presence_penalty", "frequency_penalty"}
    | {"tools", "tool_choice", "parallel_tool_calls", "response_format", "reasoning_effort", "logprobs", "top_logprobs"}
)
DROPPED = frozenset({"user", "safety_identifier"})
BUDGETS = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24_576, "xhigh": 24_576}
LEVELS = {"none": "minimal", "xhigh": "high"}  # the others have the same name
LEAST_BUDGET = 128  # what the most thoughtful model asks for
_VERSION = re.compile(r"gemini-(\d+)(?:\.(\d+))?")
_NEWEST = (99, 0)


def body(order: Order) -> bytes:
    """The body of ``generateContent`` and ``streamGenerateContent``."""
    wished = wish.read(order, WHO, TAKEN, DROPPED)
    asked = {
        "contents": contents(wished.messages),
        "systemInstruction": system(wished.messages),
        "tools": _tools(wished.tools),
        "toolConfig": _tool_config(wished),
        "generationConfig": _given(_generation(wished, order)),
    }
    return wish.body(_given(asked))


def _generation(wished: Wish, order: Order) -> dict[str, Any]:
    return {
        "maxOutputTokens": order.output_limit,
        "candidateCount": wished.n if wished.n > 1 else None,
        "temperature": wished.temperature,
        "topP": wished.top_p,
        "topK": wished.top_k,
        "seed": wished.seed,
        "presencePenalty": wished.presence_penalty,
        "frequencyPenalty": wished.frequency_penalty,
        "responseLogprobs": wished.logprobs or None,
        "logprobs": wished.top_logprobs or None,
        "stopSequences": wished.stops(),
        "responseMimeType": "application/json" if wished.response_format and wished.response_format.type != "text" else None,
        "responseJsonSchema": wished.schema(),
        "thinkingConfig": _thinking(wished, order),
    }


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, [], {})}


def _tools(tools: list[Tool] | None) -> list[dict[str, Any]]:
    return [{"functionDeclarations": [_declaration(tool) for tool in tools]}] if tools else []


def _declaration(tool: Tool) -> dict[str, Any]:
    function = tool.function
    return _given({"name": function.name, "description": function.description, "parametersJsonSchema": function.parameters})


def _tool_config(wished: Wish) -> dict[str, Any]:
    if not wished.tools:
        return {}
    if not wished.parallel_tool_calls:
        raise Unsupported(
            "Gemini may always call several tools at once. Leave 'parallel_tool_calls' out, or choose another model.",
            param="parallel_tool_calls",
        )
    calling = _calling(wished)
    return {"functionCallingConfig": calling} if calling else {}


def _calling(wished: Wish) -> dict[str, Any]:
    if isinstance(wished.tool_choice, NamedTool):
        return {"mode": "ANY", "allowedFunctionNames": [wished.tool_choice.function.name]}
    return {"none": {"mode": "NONE"}, "required": {"mode": "ANY"}}.get(str(wished.tool_choice), {})


def _thinking(wished: Wish, order: Order) -> dict[str, Any] | None:
    """From Gemini 3 on a level, before it a budget of tokens; with either the thoughts' summary is asked for, too."""
    effort = wished.reasoning_effort
    if effort is None:
        return None
    if (version := _version(order.model)) < (2, 5):
        if effort == "none":
            return None
        raise Unsupported(f"{order.model} does not reason. Leave 'reasoning_effort' out.", param="reasoning_effort")
    if version >= (3, 0):
        return {"thinkingLevel": LEVELS.get(effort, effort), "includeThoughts": effort != "none"}
    if effort == "none":
        return {"thinkingBudget": 0}
    return {"thinkingBudget": max(LEAST_BUDGET, min(BUDGETS[effort], order.output_limit * 4 // 5)), "includeThoughts": True}


def _version(model: str) -> tuple[int, int]:
    """A name without one (gemini-flash-latest) is taken for the newest."""
    found = _VERSION.search(model)
    return (int(found[1]), int(found[2] or 0)) if found else _NEWEST
