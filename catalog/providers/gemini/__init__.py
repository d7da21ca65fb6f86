"""Google's Gemini API, version v1beta, as published in August 2026.

``https://ai.google.dev/api/generate-content``; what is translated, dropped and refused is in docs/providers.md.
"""

from urllib.parse import quote

from catalog.providers.dialect import Order
from catalog.providers.gemini.answer import Translator, completion
from catalog.providers.gemini.request import body

__all__ = ["body", "completion", "path", "translator"]


def path(order: Order) -> str:
    """The credential is not in it: it goes in the header ``x-goog-api-key``."""
    method = "streamGenerateContent?alt=sse" if order.is_stream else "generateContent"
    return f"models/{quote(order.model, safe='')}:{method}"


translator = Translator
