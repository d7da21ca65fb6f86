"""Messages that can be undone: ``messages.success(request, text, undoing("key_enable", key.pk))`` shows a button beside the text.

The address is posted to, by whoever reads the message; what may be done there is checked there.
"""

from typing import Any

from django.urls import reverse

MARK = "undo:"


def undoing(name: str, *arguments: Any) -> str:
    """The extra tag of a message: a named address that takes the deed back."""
    return f"{MARK}{reverse(name, args=arguments)}"


def address_of(tags: str) -> str:
    """The address in a message's extra tags; empty when it cannot be undone."""
    return tags.removeprefix(MARK) if tags.startswith(MARK) else ""
