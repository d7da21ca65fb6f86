"""The same call in curl, Python, Node and plain HTTP, ready to paste: for Studio, key pages, model pages and the docs.

Every value is quoted by the rules of its language, so that whatever a person typed arrives unchanged.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET

from studio import printing
from studio.literals import python_value

KEY_VARIABLE = "CLOD_API_KEY"
LONGEST_ARGUMENT = 100_000  # bytes; Linux takes no more than 128 KiB in one word of a command
END = "END_OF_BODY"  # no line of JSON is this


class Snippet(NamedTuple):
    name: str
    language: str
    code: str


class Call(msgspec.Struct, omit_defaults=True):
    """The fields of a chat completion that Studio has a place for; others are left out."""

    model: str
    messages: list[dict[str, Any]]
    temperature: Any = UNSET
    max_completion_tokens: Any = UNSET
    top_p: Any = UNSET
    stop: Any = UNSET
    seed: Any = UNSET
    reasoning_effort: Any = UNSET
    n: Any = UNSET
    response_format: Any = UNSET
    tools: Any = UNSET
    tool_choice: Any = UNSET
    stream: Any = UNSET


def all_of(api_url: str, model: str, messages: Sequence[Mapping[str, Any]], *, api_key: str = "", **parameters: Any) -> list[Snippet]:
    """One snippet a language. Without a key they read it from the environment variable ``CLOD_API_KEY``."""
    return _programs(api_url, {"model": model, "messages": list(messages), **parameters}, api_key)


def of_call(api_url: str, call: Call) -> list[Snippet]:
    """A call of Studio's as programs, and as it looks on the wire; one that says nothing yet says hello."""
    body = msgspec.to_builtins(call)
    body["messages"] = body["messages"] or hello()
    return [*_programs(api_url, body, ""), Snippet("HTTP", "http", http(api_url, body))]


def hello(prompt: str = "What is the capital of France?") -> list[dict[str, str]]:
    """The messages of a first call."""
    return [{"role": "system", "content": "You are a helpful assistant."}, {"role": "user", "content": prompt}]


def curl(api_url: str, body: Mapping[str, Any], api_key: str = "") -> str:
    """Large bodies come from a here-document: a shell takes no word that long."""
    bearer = shlex.quote(f"Authorization: Bearer {api_key}") if api_key else f'"Authorization: Bearer ${KEY_VARIABLE}"'
    unbuffered = "-N " if body.get("stream") else ""
    head = f"curl {unbuffered}{shlex.quote(f'{api_url}/chat/completions')} \\\n  -H {bearer} \\\n  -H 'Content-Type: application/json' \\\n"
    data = _json(body)
    if len(data.encode()) > LONGEST_ARGUMENT:
        return f"{head}  --data-binary @- <<'{END}'\n{data}\n{END}"
    return f"{head}  -d {shlex.quote(data)}"


def python(api_url: str, body: Mapping[str, Any], api_key: str = "") -> str:
    key = repr(api_key) if api_key else f'os.environ["{KEY_VARIABLE}"]'
    imports = "" if api_key else "import os\n\n"
    arguments = "".join(f"    {name}={python_value(value, 1)},\n" for name, value in body.items())
    return (
        f"{imports}from openai import OpenAI\n\n"
        f"client = OpenAI(base_url={json.dumps(api_url)}, api_key={key})\n\n"
        f"{_name(body)} = client.chat.completions.create(\n{arguments})\n"
        f"{printing.python(body)}"
    )


def node(api_url: str, body: Mapping[str, Any], api_key: str = "") -> str:
    key = json.dumps(api_key) if api_key else f"process.env.{KEY_VARIABLE}"
    return (
        'import OpenAI from "openai";\n\n'
        f"const client = new OpenAI({{ baseURL: {json.dumps(api_url)}, apiKey: {key} }});\n\n"
        f"const {_name(body)} = await client.chat.completions.create({_json(body)});\n"
        f"{printing.node(body)}"
    )


def http(api_url: str, body: Mapping[str, Any]) -> str:
    """The request as it goes over the wire; the length is that of this very body."""
    there, data = urlsplit(api_url), _json(body)
    return (
        f"POST {there.path}/chat/completions HTTP/1.1\nHost: {there.netloc}\nAuthorization: Bearer ${KEY_VARIABLE}\n"
        f"Content-Type: application/json\nContent-Length: {len(data.encode())}\n\n{data}"
    )


def _programs(api_url: str, body: Mapping[str, Any], api_key: str) -> list[Snippet]:
    return [
        Snippet("curl", "bash", curl(api_url, body, api_key)),
        Snippet("Python", "python", python(api_url, body, api_key)),
        Snippet("Node.js", "javascript", node(api_url, body, api_key)),
    ]


def _name(body: Mapping[str, Any]) -> str:
    return "stream" if body.get("stream") else "completion"


def _json(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, indent=2)
