"""Every variable the product reads is in deploy/.env.example and in the table of docs/running.md, and nothing else is."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml
from django.conf import settings

from clod_site import start_checks

ROOT = Path(settings.BASE_DIR)
OURS = ("clod_site", "gateway", "accounts", "team", "projects", "catalog", "billing", "studio", "activity", "office", "webhooks")
READERS = {"text", "flag", "integer", "number", "words", "networks", "path"}
ASSIGNED = re.compile(r"^(?:# )?([A-Z][A-Z0-9_]+)=", re.MULTILINE)
NAMED = re.compile(r"`([A-Z][A-Z0-9_]{3,})(?:=[^`]*)?`")
FOR_COMPOSE = re.compile(r"\$\{([A-Z0-9_]+)")
# What settings read is asked of them themselves: some names are made up of parts.
LISTEN = """
import os
os.environ["CLOD_STRIPE_SECRET_KEY"] = os.environ["CLOD_STRIPE_WEBHOOK_SECRET"] = "sk_test_listening"
from clod_site.lib import env
read, heard = env.text, set()
env.text = lambda name, default="": (heard.add(name), read(name, default))[1]
words = env.words
env.words = lambda name, default=(): (heard.add(name), words(name, default))[1]
import clod_site.settings
print(" ".join(sorted(heard)))
"""


@cache
def read() -> frozenset[str]:
    return frozenset([*_by_name(), *_by_settings(), *_by_the_catalog()])


def _by_name() -> Iterator[str]:
    for app in OURS:
        for file in (ROOT / app).rglob("*.py"):
            for call in ast.walk(ast.parse(file.read_text())):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in READERS:
                    owner, first = call.func.value, next(iter(call.args), None)
                    if isinstance(owner, ast.Name) and owner.id == "env" and isinstance(first, ast.Constant):
                        yield str(first.value)


def _by_settings() -> list[str]:
    heard = subprocess.run([sys.executable, "-c", LISTEN], cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=60)
    assert heard.returncode == 0, heard.stderr
    return heard.stdout.split()


def _by_the_catalog() -> Iterator[str]:
    data = settings.CLOD_CATALOG_DIR
    centers = [center["slug"].upper() for center in yaml.safe_load((data / "data_centers.yaml").read_text())["data_centers"]]
    for file in data.glob("*.yaml"):
        for name in re.findall(r"^\s*(?:- )?(?:credential_env|base_url_env): *(\S+)", file.read_text(), re.MULTILINE):
            yield from [name.replace("{DATA_CENTER}", center) for center in centers]


def written() -> set[str]:
    return set(ASSIGNED.findall((ROOT / "deploy" / ".env.example").read_text()))


def for_compose() -> set[str]:
    return set(FOR_COMPOSE.findall((ROOT / "deploy" / "compose.yaml").read_text()))


def test_the_readers_are_found() -> None:
    assert {"CLOD_MODE", "CLOD_SECRET_KEY", "PORT", "CLOD_GITHUB_CLIENT_ID", "OPENAI_API_KEY", "CLOD_DC_DFW_URL"} <= read()


def test_the_example_has_every_variable_and_no_other() -> None:
    assert read() - written() == set(), "read by the product, missing in deploy/.env.example"
    assert written() - read() - for_compose() == set(), "in deploy/.env.example, and nobody reads it"
    assert for_compose() - written() == set(), "asked for by compose.yaml, missing in deploy/.env.example"


def test_the_page_tells_of_every_variable_and_no_other() -> None:
    page = (ROOT / "docs" / "running.md").read_text()
    table = "\n".join(line for line in page.splitlines() if line.startswith("| `"))
    told = set(NAMED.findall(table))
    assert read() - told == set(), "read by the product, missing in the table of docs/running.md"
    assert told - read() == set(), "in the table of docs/running.md, and nobody reads it"


def test_what_is_told_as_unknown_at_the_start_is_what_nobody_reads() -> None:
    ours = {name for name in read() | written() | for_compose() if name.startswith("CLOD_") and not name.startswith("CLOD_DC_")}
    ours |= set(re.findall(r"CLOD_[A-Z_]+", (ROOT / "deploy" / "nginx" / "clod.conf.template").read_text())) | {"CLOD_STACK"}
    assert ours == start_checks.KNOWN
