"""``money``: a database with the ledger at work, whose books are proved when the test ends."""

from collections.abc import Iterator

import pytest

from billing import check, ledger
from clod_site.lib import clock


@pytest.fixture
def money(ledger_db: None) -> Iterator[None]:
    yield
    ledger.sweep(clock.now())
    assert ledger.stop(10), "the ledger's writer did not finish"
    assert [str(finding) for finding in check.findings()] == []
