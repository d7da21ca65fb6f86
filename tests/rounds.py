"""The second round, on PostgreSQL and Valkey, leaves out what touches no store: it would say what it said in the first one."""

import pytest

STORES = {"db", "transactional_db", "store"}  # fixtures; those that stand on them count as well


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--stores-only", action="store_true", help="only tests that use a database or Redis, or that a round may skip")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--stores-only"):
        same_everywhere = [item for item in items if not _depends_on_stores(item)]
        config.hook.pytest_deselected(items=same_everywhere)
        items[:] = [item for item in items if _depends_on_stores(item)]


def _depends_on_stores(item: pytest.Item) -> bool:
    marked = any(item.get_closest_marker(name) for name in ("django_db", "skipif"))
    return marked or bool(STORES & set(getattr(item, "fixturenames", ())))
