"""What is printed when the site answers: where it is, how to get in, and a line to paste."""

import json
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a launcher that has no Django prints the line, too
    from clod_site.embedded.demo import Demo

MODEL = "SmolLM2 135M Instruct"
# With a system prompt of its own and no dice: the little model knows the answer, but loses it under its default persona.
MESSAGES = [{"role": "system", "content": "You are a helpful assistant."}, {"role": "user", "content": "What is the capital of France?"}]


def text(demo: "Demo") -> str:
    return f"""
CLōD is running at {demo.base_url}

  Log in    {demo.email}  ·  {demo.password or "with the password you chose"}
  API key   {demo.api_key}

Ask the local model (paste this line):

{curl(demo.base_url, demo.api_key)}

Ctrl-C stops everything.
"""


def curl(base_url: str, api_key: str) -> str:
    """One line that works in any POSIX shell exactly as printed."""
    body = json.dumps({"model": MODEL, "messages": MESSAGES, "temperature": 0})
    words = ["curl", "-sS", f"{base_url}/v1/chat/completions", "-H", f"Authorization: Bearer {api_key}"]
    return shlex.join([*words, "-H", "Content-Type: application/json", "-d", body])
