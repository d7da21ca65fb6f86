"""Code snippets for the pages of other apps: ``{% snippets model="deepseek-v3" %}``."""

from typing import Any

from django import template
from django.conf import settings

from studio import programs as written
from studio import snippets as code

register = template.Library()


@register.inclusion_tag("studio/_snippets.html")
def snippets(model: str, prompt: str = "What is the capital of France?", api_key: str = "") -> dict[str, Any]:
    """Tabs with the same call in curl, Python and Node. With a key the key is written in; show such a page once only."""
    return {"snippets": code.all_of(settings.CLOD_API_URL, model, code.hello(prompt), api_key=api_key, max_completion_tokens=100)}


@register.simple_tag
def programs(heading: str, model: str) -> list[code.Snippet]:
    """The programs of a section of docs/clients.md, for this site and a model: ``{% programs "LangChain" slug as written %}``."""
    return written.under(heading, settings.CLOD_API_URL, model)
