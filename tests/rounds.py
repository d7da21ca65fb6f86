"""What a round leaves out. The one on PostgreSQL and Valkey: what touches no store, it would say what it said in the first one.

And each of them does not even import the files it runs no test of: the clients of whole sites take as long to import as all the rest.
"""

import re
from pathlib import Path

import pytest

WHOLE_SITE = "site or browser or node"
STORES_ALONE = f"not ({WHOLE_SITE})"
WHOLLY = re.compile(r"^pytestmark = .*\bpytest\.mark\.site\b", re.MULTILINE)
STORES = {"db", "transactional_db", "store"}  # fixtures; those that stand on them count as well


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--stores-only", action="store_true", help="only tests that use a database or Redis, or that a round may skip")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A file of the other rounds. Marks decide about tests; this only saves time, so it is for whole files and in doubt lets them in."""
    marked = config.getoption("markexpr")
    if marked not in {WHOLE_SITE, STORES_ALONE} or not collection_path.match("test_*.py"):
        return None
    text = collection_path.read_text()
    has_none = "pytest.mark.site" not in text if marked == WHOLE_SITE else WHOLLY.search(text) is not None
    return True if has_none else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--stores-only"):
        same_everywhere = [item for item in items if not _depends_on_stores(item)]
        config.hook.pytest_deselected(items=same_everywhere)
        items[:] = [item for item in items if _depends_on_stores(item)]


def _depends_on_stores(item: pytest.Item) -> bool:
    marked = any(item.get_closest_marker(name) for name in ("django_db", "skipif"))
    return marked or bool(STORES & set(getattr(item, "fixturenames", ())))
