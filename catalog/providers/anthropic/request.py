"""A chat completion as a request to Anthropic."""

from typing import Any

from catalog.providers import openai
from catalog.providers.anthropic import models
from catalog.providers.anthropic.turns import system, turns
from catalog.providers.dialect import Order, Unsupported
from catalog.providers.openai import NamedTool, Tool, Wish

WHO = "Anthropic"
TAKEN = frozenset(
    {"temperature", "top_p", "top_k", "stop", "tools", "tool_choice", "parallel_tool_calls", "response_format", "reasoning_effort"}
    | {"thinking", "user", "safety_identifier"}
)
DROPPED = frozenset({"seed"})
WARMEST = 1.0  # OpenAI's scale goes to 2
BUDGETS = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 24_576, "xhigh": 32_768}
LEAST_BUDGET = 1024
EFFORTS = {"minimal": "low", "xhigh": "max"}  # the others have the same name


def body(order: Order) -> bytes:
    """The body of ``POST /v1/messages``."""
    wish = openai.wish(order, WHO, TAKEN, DROPPED)
    asked = {
        "model": order.model,
        "max_tokens": order.output_limit,
        "messages": turns(wish.messages),
        "stream": order.is_stream,
        "system": system(wish.messages),
        "stop_sequences": wish.stops(),
        "tools": [_tool(tool, order.model) for tool in wish.tools or ()],
        "tool_choice": _tool_choice(wish),
        "output_config": _output_config(wish, order.model),
        "thinking": _thinking(wish, order),
        "metadata": _metadata(wish),
        "top_k": wish.top_k,
    }
    asked |= {} if asked["thinking"] else _sampling(wish)  # while it thinks it takes no other temperature than its own
    return openai.body({name: value for name, value in asked.items() if value not in (None, [], {})})


def _sampling(wish: Wish) -> dict[str, Any]:
    return {"temperature": None if wish.temperature is None else min(wish.temperature, WARMEST), "top_p": wish.top_p}


def _tool(tool: Tool, model: str) -> dict[str, Any]:
    function = tool.function
    made: dict[str, Any] = {"name": function.name, "input_schema": function.parameters or {"type": "object", "properties": {}}}
    if function.description:
        made["description"] = function.description
    if function.strict and models.follows_schemas(model):
        made["strict"] = True
    return made


def _tool_choice(wish: Wish) -> dict[str, Any]:
    if not wish.tools:
        return {}
    choice = _mode(wish)
    if not wish.parallel_tool_calls and choice["type"] != "none":
        choice["disable_parallel_tool_use"] = True
    return choice if len(choice) > 1 or choice["type"] != "auto" else {}


def _mode(wish: Wish) -> dict[str, Any]:
    if isinstance(wish.tool_choice, NamedTool):
        return {"type": "tool", "name": wish.tool_choice.function.name}
    return {"type": {"none": "none", "required": "any"}.get(str(wish.tool_choice), "auto")}


def _output_config(wish: Wish, model: str) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if wish.response_format and wish.response_format.type != "text":
        config["format"] = {"type": "json_schema", "schema": _schema(wish, model)}
    if _effort(wish) and models.thinks_adaptively(model):
        config["effort"] = EFFORTS.get(_effort(wish), _effort(wish))
    return config


def _schema(wish: Wish, model: str) -> dict[str, Any]:
    schema = wish.schema()
    if schema is None:
        raise Unsupported(f"{WHO} writes JSON only to a schema. Send response_format json_schema with one.", param="response_format")
    if not models.follows_schemas(model):
        raise Unsupported(f"{model} follows no JSON schema. Use a tool, or a newer Claude.", param="response_format")
    return schema


def _thinking(wish: Wish, order: Order) -> dict[str, Any] | None:
    """Off where it cannot be: a tool is forced, a tool's result is just given back (its thoughts are not in our wire), no room."""
    if wish.thinking or not _effort(wish):
        return wish.thinking
    if not models.thinks(order.model):
        raise Unsupported(f"{order.model} does not reason. Leave 'reasoning_effort' out.", param="reasoning_effort")
    budget = min(BUDGETS[_effort(wish)], order.output_limit * 4 // 5)
    if _tool_choice(wish).get("type") in {"any", "tool"} or wish.messages[-1].role == "tool" or budget < LEAST_BUDGET:
        return None
    return {"type": "adaptive"} if models.thinks_adaptively(order.model) else {"type": "enabled", "budget_tokens": budget}


def _effort(wish: Wish) -> str:
    return wish.reasoning_effort if wish.reasoning_effort and wish.reasoning_effort != "none" else ""


def _metadata(wish: Wish) -> dict[str, Any]:
    user = wish.safety_identifier or wish.user
    return {"user_id": user} if user else {}
