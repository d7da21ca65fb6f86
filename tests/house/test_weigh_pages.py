"""What a page weighs when it is first opened, compressed as it is sent: all but fonts, and Plotly, which waits for a hand."""

import gzip
import re
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command

from tests import people

STATIC = re.compile(r'(?:href|src)="/static/([^"?]+\.(?:css|js))"')
IMPORTED = re.compile(r'(?:from|import)\s*"(\.\.?/[^"]+\.js)"|@import\s+(?:url\()?"([^"]+\.css)"')
MOST = {"page": 60_000, "styles and scripts": 100_000}
OPEN = ("/", "/accounts/login/")
PAGES = (*OPEN, "/models", "/activity", "/studio", "/projects", "/keys", "/billing", "/team", "/docs")


def weight(content: bytes) -> int:
    return len(gzip.compress(content, 6))


def files_of(page: str) -> set[Path]:
    """With all that they import."""
    found, waiting = set[Path](), [found_as(name) for name in STATIC.findall(page)]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += [(file.parent / (script or style)).resolve() for script, style in IMPORTED.findall(file.read_text())]
    return found


def found_as(name: str) -> Path:
    file = finders.find(name) or finders.find(re.sub(r"\.[0-9a-f]{12}(\.\w+)$", r"\1", name))
    assert file, name
    return Path(file)


@pytest.mark.django_db
def test_pages_keep_to_their_weight(subtests: pytest.Subtests) -> None:
    call_command("load_catalog", stdout=StringIO())
    visitor, alice = people.browser(), people.browser(people.owner("alice"))
    for visit, address in ((visitor if address in OPEN else alice, address) for address in PAGES):
        with subtests.test(address):
            answer = visit.get(address)
            assert answer.status_code == 200
            files = files_of(answer.content.decode())
            assert files, "a page has at least its styles"
            weights = {"page": weight(answer.content), "styles and scripts": sum(weight(file.read_bytes()) for file in files)}
            assert all(weights[name] <= most for name, most in MOST.items()), weights
