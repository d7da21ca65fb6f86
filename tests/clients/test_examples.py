"""Programs that people copy, from the README, the docs and the site's own pages: each is run as it stands.

Only the address and the key are the running site's.
"""

import html
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests import node
from tests.clients.fakes import PYTHON, Fakes
from tests.site import ROOT

pytestmark = pytest.mark.site

PAGES = ("README.md", "docs/clients.md", "docs/fake-provider.md")
BLOCK = re.compile(r"^```(python|javascript|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ON_THE_SITE = re.compile(r"<pre[^>]*><code>(.*?)</code>", re.DOTALL)
RUN_S = 60


def written(page: str) -> list[tuple[str, str]]:
    """The programs of a page: language and code. Of the shell's only those that call us."""
    blocks = BLOCK.findall((ROOT / page).read_text())
    return [(language, code) for language, code in blocks if language != "sh" or "curl" in code]


EXAMPLES = [pytest.param(*block, id=f"{page}-{number}") for page in PAGES for number, block in enumerate(written(page), start=1)]


@pytest.fixture
def run(fakes, request):
    """``run(language, code)``: what a program prints."""

    def run(language: str, code: str) -> str:
        code = code.replace("http://127.0.0.1:8000", fakes.site.base_url).replace("clod_sk_…", fakes.keys[PYTHON])
        code = code.replace('"127.0.0.1", 8000', f'"127.0.0.1", {httpx2.URL(fakes.api_url).port}')
        if language == "javascript":
            folder = request.getfixturevalue("ai_sdk" if 'from "ai"' in code else "openai_node")
            return in_node(code, folder, fakes)
        return told([sys.executable, "-c", code] if language == "python" else ["sh", "-c", code], fakes)

    return run


def in_node(code: str, folder: Path, fakes: Fakes) -> str:
    script = folder / "example.mjs"
    script.write_text(code)
    return node.run(script, CLOD_API_KEY=fakes.keys[PYTHON])


def told(command: list[str], fakes: Fakes) -> str:
    key = fakes.keys[PYTHON]
    env = os.environ | {"CLOD_API_KEY": key, "BASE_URL": fakes.site.base_url, "KEY": key}
    ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=RUN_S)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize(("language", "code"), EXAMPLES)
def test_an_example_does_what_it_is_for(run, language, code):
    assert answered(language, run(language, code))


def test_the_snippets_of_the_quickstart_answer(run, fakes):
    page = httpx2.get(f"{fakes.site.base_url}/docs/quickstart").text
    blocks = [html.unescape(re.sub("<[^>]+>", "", block)) for block in ON_THE_SITE.findall(page)]
    starts = {"sh": "curl ", "python": "import os\n\nfrom openai", "javascript": "import OpenAI"}
    for language, start in starts.items():
        code = next(block for block in blocks if block.startswith(start))
        assert answered(language, run(language, code)), language


def answered(language: str, output: str) -> str:
    """The words that came: a shell's are in the JSON."""
    return json.loads(output)["choices"][0]["message"]["content"] if language == "sh" else output.strip()


def test_openai_s_own_variables_are_enough(fakes):
    ask = '(model="fake/echo", messages=[{"role": "user", "content": "one two"}]).choices[0].message.content'
    program = (
        "from openai import OpenAI\nfrom langchain_openai import ChatOpenAI\n"
        f'print(OpenAI().chat.completions.create{ask})\nprint(ChatOpenAI(model="fake/echo").invoke("three").content)'
    )
    env = os.environ | {"OPENAI_BASE_URL": fakes.api_url, "OPENAI_API_KEY": fakes.keys[PYTHON]}
    ran = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=RUN_S)
    assert ran.stdout.split("\n")[:2] == ["one two", "three"], ran.stderr
