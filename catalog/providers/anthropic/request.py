"""A chat completion as a request to Anthropic."""

from typing import Any

from catalog.providers import wish
from catalog.providers.anthropic import models
from catalog.providers.anthropic.turns import system, turns
from catalog.providers.dialect import Order, Unsupported
from catalog.providers.wish import NamedTool, Tool, Wish

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
    wished = wish.read(order, WHO, TAKEN, DROPPED)
    asked = {
        "model": order.model,
        "max_tokens": order.output_limit,
        "messages": turns(wished.messages),
        "stream": order.is_stream,
        "system": system(wished.messages),
        "stop_sequences": wished.stops(),
        "tools": [_tool(tool, order.model) for tool in wished.tools or ()],
        "tool_choice": _tool_choice(wished),
        "output_config": _output_config(wished, order.model),
        "thinking": _thinking(wished, order),
        "metadata": _metadata(wished),
        "top_k": wished.top_k,
    }
    asked |= {} if asked["thinking"] else _sampling(wished)  # while it thinks it takes no other temperature than its own
    return wish.body({name: value for name, value in asked.items() if value not in (None, [], {})})


def _sampling(wished: Wish) -> dict[str, Any]:
    return {"temperature": None if wished.temperature is None else min(wished.temperature, WARMEST), "top_p": wished.top_p}


def _tool(tool: Tool, model: str) -> dict[str, Any]:
    function = tool.function
    made: dict[str, Any] = {"name": function.name, "input_schema": function.parameters or {"type": "object", "properties": {}}}
    if function.description:
        made["description"] = function.description
    if function.strict and models.follows_schemas(model):
        made["strict"] = True
    return made


def _tool_choice(wished: Wish) -> dict[str, Any]:
    if not wished.tools:
        return {}
    choice = _mode(wished)
    if not wished.parallel_tool_calls and choice["type"] != "none":
        choice["disable_parallel_tool_use"] = True
    return choice if len(choice) > 1 or choice["type"] != "auto" else {}


def _mode(wished: Wish) -> dict[str, Any]:
    if isinstance(wished.tool_choice, NamedTool):
        return {"type": "tool", "name": wished.tool_choice.function.name}
    return {"type": {"none": "none", "required": "any"}.get(str(wished.tool_choice), "auto")}


def _output_config(wished: Wish, model: str) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if wished.response_format and wished.response_format.type != "text":
        config["format"] = {"type": "json_schema", "schema": _schema(wished, model)}
    if _effort(wished) and models.thinks_adaptively(model):
        config["effort"] = EFFORTS.get(_effort(wished), _effort(wished))
    return config


def _schema(wished: Wish, model: str) -> dict[str, Any]:
    schema = wished.schema()
    if schema is None:
        raise Unsupported(f"{WHO} writes JSON only to a schema. Send response_format json_schema with one.", param="response_format")
    if not models.follows_schemas(model):
        raise Unsupported(f"{model} follows no JSON schema. Use a tool, or a newer Claude.", param="response_format")
    return schema


def _thinking(wished: Wish, order: Order) -> dict[str, Any] | None:
    """Off where it cannot be: a tool is forced, a tool's result is just given back (its thoughts are not in our wire), no room."""
    if wished.thinking or not _effort(wished):
        return wished.thinking
    if not models.thinks(order.model):
        raise Unsupported(f"{order.model} does not reason. Leave 'reasoning_effort' out.", param="reasoning_effort")
    budget = min(BUDGETS[_effort(wished)], order.output_limit * 4 // 5)
    if _tool_choice(wished).get("type") in {"any", "tool"} or wished.messages[-1].role == "tool" or budget < LEAST_BUDGET:
        return None
    return {"type": "adaptive"} if models.thinks_adaptively(order.model) else {"type": "enabled", "budget_tokens": budget}


def _effort(wished: Wish) -> str:
    return wished.reasoning_effort if wished.reasoning_effort and wished.reasoning_effort != "none" else ""


def _metadata(wished: Wish) -> dict[str, Any]:
    user = wished.safety_identifier or wished.user
    return {"user_id": user} if user else {}
