"""Anthropic's Messages API, version 2023-06-01, as published in August 2026.

``https://platform.claude.com/docs/en/api/messages``; what is translated, dropped and refused is in docs/providers.md.
"""

from catalog.providers.anthropic.answer import Translator, completion
from catalog.providers.anthropic.request import body
from catalog.providers.dialect import Order

__all__ = ["body", "completion", "path", "translator"]


def path(order: Order) -> str:
    return "messages"


translator = Translator
