"""Snippets do what they say whatever they hold: each is run by its own language against what it should send."""

import ast
import json
import os
import shlex
import subprocess
import sys
from typing import Any

import msgspec
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


WHOLE = {
    "model": "llama",
    "messages": [
        {
            "role": "user",
            "content": [{"type": "text", "text": "it's"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}],
        }
    ],
    "temperature": 0.5,
    "stop": ["\n", "END_OF_BODY"],
    "seed": -7,
    "n": 2,
    "response_format": {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": {"type": "object", "default": None}}},
    "tools": [{"type": "function", "function": {"name": "look", "parameters": {"type": "object", "additionalProperties": False}}}],
}


def call(**changes: Any) -> snippets.Call:
    return msgspec.convert(WHOLE | changes, snippets.Call)


def test_every_parameter_arrives_in_every_language() -> None:
    curl, python, node, http = (each.code for each in snippets.of_call(API, call()))
    assert json.loads(shlex.split(curl.replace("\\\n", " "))[-1]) == WHOLE
    create = next(node for node in ast.walk(ast.parse(python)) if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "create")
    assert {word.arg: ast.literal_eval(word.value) for word in create.keywords} == WHOLE
    argument = node.split("create(", 1)[1].split(");\nfor (", 1)[0]
    told = subprocess.run([NODE, "-e", f"console.log(JSON.stringify({argument}))"], capture_output=True, text=True, check=True)
    assert json.loads(told.stdout) == WHOLE
    head, body = http.split("\n\n", 1)
    assert json.loads(body) == WHOLE
    assert f"Content-Length: {len(body.encode())}" in head


def test_a_body_too_long_for_a_command_goes_by_standard_input() -> None:
    long = call(messages=[{"role": "user", "content": "it's $HOME `id`\nEND_OF_BODY\n" + "x" * 150_000}])
    script = f"curl() {{ cat; }}\n{snippets.of_call(API, long)[0].code}"
    told = subprocess.run(["sh"], input=script, capture_output=True, text=True, check=True)
    assert json.loads(told.stdout) == msgspec.to_builtins(long)


def test_what_is_printed_fits_what_is_asked() -> None:
    plain = call(tools=msgspec.UNSET, n=msgspec.UNSET)
    assert "choices[0].message.content)" in snippets.of_call(API, plain)[1].code
    assert "choices[0].message)" in snippets.of_call(API, call(n=1))[1].code


WITHOUT_A_CLIENT = """
from types import SimpleNamespace as It
def choices(*texts): return [It(index=at, message=It(content=text), delta=It(content=text)) for at, text in enumerate(texts)]
class OpenAI:
    def __init__(self, **_): self.chat = It(completions=self)
    def create(self, stream=False, **asked):
        several = choices("one", "two")[:asked.get("n", 1)]
        return [It(choices=several), It(choices=several), It(choices=[])] if stream else It(choices=several)
"""


@pytest.mark.parametrize(
    ("fields", "printed"),
    [
        ({}, "one\n"),
        ({"n": 2}, "one\ntwo\n"),
        ({"stream": True}, "oneone"),
        ({"stream": True, "n": 2}, "0 one\n1 two\n0 one\n1 two\n"),
    ],
    ids=["one", "several", "stream", "several in a stream"],
)
def test_every_answer_is_printed(fields: dict[str, Any], printed: str) -> None:
    asked = snippets.of_call(API, call(**({"tools": msgspec.UNSET, "n": 1} | fields)))
    python = asked[1].code.replace("from openai import OpenAI", WITHOUT_A_CLIENT)
    environment = os.environ | {"CLOD_API_KEY": ""}
    told = subprocess.run([sys.executable, "-c", python], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout == printed
    client = f"""const texts = ["one", "two"].slice(0, {fields.get("n", 1)});
    const choices = texts.map((content, index) => ({{index, message: {{content}}, delta: {{content}}}}));
    const create = (asked) => asked.stream ? [{{choices}}, {{choices}}, {{choices: []}}] : {{choices}};
    class OpenAI {{ chat = {{completions: {{create}}}}; }}"""
    node = asked[2].code.replace('import OpenAI from "openai";', client)
    told = subprocess.run([NODE, "--input-type=module", "-e", node], capture_output=True, text=True, check=True)
    assert told.stdout == printed
    assert ("curl -N " in asked[0].code) is ("stream" in fields)


def test_without_a_key_it_is_read_from_the_environment() -> None:
    for snippet in snippets.all_of(API, "llama", snippets.hello()):
        assert "CLOD_API_KEY" in snippet.code
    for snippet in snippets.all_of(API, "llama", snippets.hello(), api_key="clod_sk_abc"):
        assert "clod_sk_abc" in snippet.code
        assert "CLOD_API_KEY" not in snippet.code
