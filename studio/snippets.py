"""The same call in curl, Python and Node, ready to paste: for Studio, key pages, model pages and the docs.

Every value is quoted by the rules of its language, so that whatever a person typed arrives unchanged.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

KEY_VARIABLE = "CLOD_API_KEY"


class Snippet(NamedTuple):
    name: str
    language: str
    code: str


def all_of(api_url: str, model: str, messages: Sequence[Mapping[str, str]], *, api_key: str = "", **parameters: Any) -> list[Snippet]:
    """One snippet a language. Without a key they read it from the environment variable ``CLOD_API_KEY``."""
    body = {"model": model, "messages": list(messages), **parameters}
    return [
        Snippet("curl", "bash", curl(api_url, body, api_key)),
        Snippet("Python", "python", python(api_url, body, api_key)),
        Snippet("Node.js", "javascript", node(api_url, body, api_key)),
    ]


def hello(prompt: str = "What is the capital of France?") -> list[dict[str, str]]:
    """The messages of a first call."""
    return [{"role": "system", "content": "You are a helpful assistant."}, {"role": "user", "content": prompt}]


def curl(api_url: str, body: Mapping[str, Any], api_key: str = "") -> str:
    bearer = shlex.quote(f"Authorization: Bearer {api_key}") if api_key else f'"Authorization: Bearer ${KEY_VARIABLE}"'
    data = shlex.quote(json.dumps(body, ensure_ascii=False, indent=2))
    return f"curl {shlex.quote(f'{api_url}/chat/completions')} \\\n  -H {bearer} \\\n  -H 'Content-Type: application/json' \\\n  -d {data}"


def python(api_url: str, body: Mapping[str, Any], api_key: str = "") -> str:
    key = repr(api_key) if api_key else f'os.environ["{KEY_VARIABLE}"]'
    imports = "" if api_key else "import os\n\n"
    return (
        f"{imports}from openai import OpenAI\n\n"
        f"client = OpenAI(base_url={json.dumps(api_url)}, api_key={key})\n\n"
        f"completion = client.chat.completions.create(\n{_python_arguments(body)})\n"
        "print(completion.choices[0].message.content)"
    )


def node(api_url: str, body: Mapping[str, Any], api_key: str = "") -> str:
    key = json.dumps(api_key) if api_key else f"process.env.{KEY_VARIABLE}"
    return (
        'import OpenAI from "openai";\n\n'
        f"const client = new OpenAI({{ baseURL: {json.dumps(api_url)}, apiKey: {key} }});\n\n"
        f"const completion = await client.chat.completions.create({json.dumps(body, ensure_ascii=False, indent=2)});\n"
        "console.log(completion.choices[0].message.content);"
    )


def _python_arguments(body: Mapping[str, Any]) -> str:
    """Keyword arguments, one a line; messages one a line as well."""
    lines = []
    for name, value in body.items():
        if name == "messages":
            rows = "".join(f"        {_literal(message)},\n" for message in value)
            lines.append(f"    messages=[\n{rows}    ],\n")
        else:
            lines.append(f"    {name}={_literal(value)},\n")
    return "".join(lines)


def _literal(value: Any) -> str:
    """A Python literal in the double-quoted style of most Python code; JSON differs only in true, false and null."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (str, dict)) else repr(value)
