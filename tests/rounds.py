"""What a round leaves out. The one on PostgreSQL and Valkey: what would say there what it said in the first one. That is what touches no
store or is marked ``any_store``, and the second door of the gateway: behind both is one pipeline, so what a store does to it shows at one.
Where a door has a part in what is stored (how a call ends, and what it does without a database) both are tried.

And each of them does not even import the files it runs no test of: the clients of whole sites take as long to import as all the rest.
"""

import re
from pathlib import Path

import pytest

WHOLE_SITE = "site or browser or node"
STORES_ALONE = f"not ({WHOLE_SITE} or acceptance)"
WHOLLY = re.compile(r"^pytestmark = .*\bpytest\.mark\.(site|acceptance)\b", re.MULTILINE)
SECOND_DOOR = "/api/v1/chat/completions"
BOTH_DOORS = {"test_answer", "test_stream", "test_hang_up", "test_fail_over", "test_lose_the_database"}
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
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    if config.getoption("--stores-only"):
        config.hook.pytest_deselected(items=[item for item in items if not _says_more_here(item)])
        items[:] = [item for item in items if _says_more_here(item)]


def _says_more_here(item: pytest.Item) -> bool:
    return _depends_on_stores(item) and not _is_again_by_the_second_door(item)


def _depends_on_stores(item: pytest.Item) -> bool:
    if item.get_closest_marker("any_store"):
        return False
    marked = any(item.get_closest_marker(name) for name in ("django_db", "skipif"))
    return marked or bool(STORES & set(getattr(item, "fixturenames", ())))


def _is_again_by_the_second_door(item: pytest.Item) -> bool:
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return parameters.get("path") == SECOND_DOOR and item.path.stem not in BOTH_DOORS
