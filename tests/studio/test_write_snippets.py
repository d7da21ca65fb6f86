"""Snippets do what they say whatever they hold: each is run by its own language against what it should send."""

import ast
import json
import shlex
import subprocess
from typing import Any

import pytest

from studio import snippets
from tests.node import NODE

NASTY = ["it's", 'say "hi"', "back\\slash", "new\nline", "$HOME `id` $(id)", "</script>", "ünïcödé 🙂", "\u2028", "${x}", "%s {x}"]
API = "http://127.0.0.1:8000/v1"


def body(text: str) -> dict[str, Any]:
    return {"model": text, "messages": [{"role": "user", "content": text}], "temperature": 0.7}


@pytest.mark.parametrize("text", NASTY)
def test_curl_sends_the_body_unchanged(text: str) -> None:
    words = shlex.split(snippets.curl(API, body(text), api_key="clod_sk_x").replace("\\\n", " "))
    assert words[:2] == ["curl", f"{API}/chat/completions"]
    assert "Authorization: Bearer clod_sk_x" in words
    assert json.loads(words[-1]) == body(text)


@pytest.mark.parametrize("text", NASTY)
def test_python_sends_the_body_unchanged(text: str) -> None:
    tree = ast.parse(snippets.python(API, body(text)))
    call = next(node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "create")
    assert {word.arg: ast.literal_eval(word.value) for word in call.keywords} == body(text)


def test_node_sends_the_bodies_unchanged() -> None:
    for text in NASTY:
        argument = snippets.node(API, body(text)).split("create(", 1)[1].split(");\nconsole", 1)[0]
        told = subprocess.run([NODE, "-e", f"console.log(JSON.stringify({argument}))"], capture_output=True, text=True, check=True)
        assert json.loads(told.stdout) == body(text)


def test_without_a_key_it_is_read_from_the_environment() -> None:
    for snippet in snippets.all_of(API, "llama", snippets.hello()):
        assert "CLOD_API_KEY" in snippet.code
    for snippet in snippets.all_of(API, "llama", snippets.hello(), api_key="clod_sk_abc"):
        assert "clod_sk_abc" in snippet.code
        assert "CLOD_API_KEY" not in snippet.code
