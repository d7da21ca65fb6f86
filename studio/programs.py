"""The programs of docs/clients.md, which the tests run as they are written: here with a reader's own address and a model of theirs."""

import re
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings

from studio.snippets import Snippet

WRITTEN_FOR = "http://127.0.0.1:8000/v1"
MODEL = "SmolLM2 135M Instruct"
LANGUAGES = {"sh": "bash"}  # where Pygments has another name than Markdown's readers


def under(heading: str, api_url: str, model: str) -> list[Snippet]:
    """Those of a section, in its order. KeyError for a section that has none."""
    return [Snippet(heading, language, _here(code, api_url, model)) for language, code in _written()[heading]]


@cache
def _written() -> dict[str, list[tuple[str, str]]]:
    text = (settings.BASE_DIR / "docs" / "clients.md").read_text()
    found: dict[str, list[tuple[str, str]]] = {}
    for section in text.split("\n## ")[1:]:
        programs = re.findall(r"^```(\w+)\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
        if programs:
            found[section.partition("\n")[0]] = [(LANGUAGES.get(language, language), code.rstrip()) for language, code in programs]
    return found


def _here(code: str, api_url: str, model: str) -> str:
    there = urlsplit(api_url)
    if there.scheme == "https":
        code = code.replace("HTTPConnection", "HTTPSConnection")
    connected = f'"{there.hostname}", {there.port}' if there.port else f'"{there.hostname}"'
    base = urlsplit(WRITTEN_FOR)
    code = code.replace(WRITTEN_FOR, api_url).replace(f'"{base.hostname}", {base.port}', connected)
    return code.replace('"/v1/', f'"{there.path}/').replace(MODEL, model)
