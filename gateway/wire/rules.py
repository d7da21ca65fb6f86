"""What no single field says: fields that need each other, and wishes a gateway cannot keep."""

from typing import Any

from gateway.errors import InvalidRequest
from gateway.wire import tools

STANDARD_TIERS = frozenset({"auto", "default"})
RULED = frozenset({"store", "service_tier", "web_search_options", "tools", "tool_choice", "top_logprobs", "modalities"})


def check(values: dict[str, Any]) -> None:
    """InvalidRequest names the field to change."""
    if values.keys().isdisjoint(RULED):
        return
    _promise_nothing_we_cannot_keep(values)
    _check_tools(values)
    if values.get("top_logprobs") and not values.get("logprobs"):
        raise InvalidRequest("'top_logprobs' needs 'logprobs': true beside it.", param="logprobs")
    if "audio" in values.get("modalities", ()) and "audio" not in values:
        raise InvalidRequest("'modalities' asks for audio; say in 'audio' which voice and format.", param="audio")


def _promise_nothing_we_cannot_keep(values: dict[str, Any]) -> None:
    if values.get("store"):
        raise InvalidRequest(
            "CLōD keeps no completions to fetch later, and has none kept by others: leave 'store' out. "
            "Activity has what the call used and cost; prompts and answers are in it where the project keeps them.",
            param="store",
        )
    if values.get("service_tier", "auto") not in STANDARD_TIERS:
        raise InvalidRequest(
            f"'{values['service_tier']}' has other prices than the catalog's. 'service_tier' can be auto or default.", param="service_tier"
        )
    if "web_search_options" in values:
        raise InvalidRequest(
            "Web search is billed by the search, and the catalog has no price for it. Leave 'web_search_options' out; "
            "a tool of your own can search.",
            param="web_search_options",
        )


def _check_tools(values: dict[str, Any]) -> None:
    offered = {tools.name_of(tool) for tool in values.get("tools", ())}
    choice = values.get("tool_choice", "none")
    if choice not in ("none", "auto") and not offered:
        raise InvalidRequest("'tool_choice' chooses among 'tools', and there are none.", param="tool_choice")
    name = tools.chosen(choice)
    if name is not None and name not in offered:
        raise InvalidRequest(f"'tool_choice' names '{name[:80]}', which is not among 'tools'.", param="tool_choice")
