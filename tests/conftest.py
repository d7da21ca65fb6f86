"""What every test stands on. How to write one: CONTRIBUTING.md."""

import gc
import ipaddress
import logging
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from functools import cache as once
from io import StringIO
from pathlib import Path
from typing import Any

import httpcore2
import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.cache import cache
from time_machine import TimeMachineFixture

from billing import ledger
from catalog.pages import kept
from clod_site.lib import clock, log_lines
from tests.clients.fakes import Fakes
from tests.clients.fakes import running as running_fakes
from tests.shared import made_once
from tests.site import Site, running_site

pytest_plugins = ["tests.people", "tests.emptying", "tests.rounds"]
LEDGER_STOP_S = 10

# A slow machine is no defect. Hypothesis' own profile for continuous integration also draws the same examples every time.
_base = hypothesis.settings.get_profile("ci" if os.environ.get("CI") else "default")
hypothesis.settings.register_profile("clod", _base, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("clod")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """SQLite need not survive a power cut here; everything else is as in the product."""
    options = settings.DATABASES["default"]["OPTIONS"]
    if "init_command" in options:
        options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")


@pytest.fixture(autouse=True, scope="session")
def clients_serve_no_static_files() -> Iterator[None]:
    """Every new client would read the list of static files, a tenth of a second; whole sites, as processes of their own, serve them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "MIDDLEWARE", [name for name in settings.MIDDLEWARE if "servestatic" not in name])
        yield


@pytest.fixture(autouse=True)
def fresh_cache() -> None:
    cache.clear()
    kept.forget()
    log_lines.end()  # of what the test before it asked for in this very thread


@pytest.fixture(autouse=True, scope="session")
def what_was_imported_is_no_garbage() -> Iterator[None]:
    """A worker has all tests and clients in memory, a million objects. To look through them holds everything up for half a second, on a
    busy machine for two: as long as a call may wait for its database.
    """
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True, scope="session")
def cheap_passwords() -> Iterator[None]:
    """The product's own algorithm, at the least it can cost: 100 MB and 0.1 s a password are for guessers, not for tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Argon2PasswordHasher, "time_cost", 1)
        patch.setattr(Argon2PasswordHasher, "memory_cost", 64)
        patch.setattr(Argon2PasswordHasher, "parallelism", 1)
        yield


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> Iterator[None]:
    """A test that reaches for another machine fails, whatever the machine it runs on could reach."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        yield


def _guarded(connect: Any) -> Any:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX and not _is_loopback(address[0]):
            pytest.fail(f"a test tried to connect to {address[0]}; tests talk to this machine only")
        return connect(self, address)

    return guarded


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(autouse=True, scope="session")
def nothing_is_set_aside_ahead() -> Iterator[None]:
    """What a test reads of holds and wallets is its own calls'. Leases have tests that ask for them, and whole sites make them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "CLOD_LEASES", False)
        yield


@pytest.fixture(autouse=True, scope="session")
def authorities_are_read_once() -> Iterator[None]:
    """Every new client would read those of this machine, 50 ms; tests talk to addresses without TLS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpcore2, "default_ssl_context", once(httpcore2.default_ssl_context))
        yield


@pytest.fixture
def now_stays_now(time_machine: TimeMachineFixture) -> None:
    """No slot of prices, hour or day begins between what a test makes and what a page says of it."""
    time_machine.move_to(clock.now(), tick=False)


@pytest.fixture
def production_log() -> Iterator[StringIO]:
    """What loggers write, as in production."""
    handler = logging.StreamHandler(StringIO())
    handler.addFilter(log_lines.Discreet())
    handler.setFormatter(log_lines.JsonLine())
    logging.getLogger().addHandler(handler)
    yield handler.stream
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def ledger_db(transactional_db: None) -> Iterator[None]:
    """A database whose commits are real: the ledger's writer works on a connection of its own. It has written all when the test ends."""
    ledger.stop(LEDGER_STOP_S)
    yield
    assert ledger.stop(LEDGER_STOP_S), "the ledger's writer did not finish"


@pytest.fixture(scope="session")
def with_data(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """``with_data(var)``: that folder, with the data of a site that was started once. A first start takes three times as long as the next;
    what it does is told by tests/embedded/test_run_the_site.py.
    """

    def with_data(var: Path) -> Path:
        shutil.copytree(made_once(tmp_path_factory, "with_data", _started_once), var)
        return var

    return with_data


def _started_once(var: Path) -> None:
    with running_site(var):
        pass


@pytest.fixture(scope="session")
def site(with_data: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One whole site for all tests of a worker. They share its demo account, and leave it as they found it."""
    with running_site(with_data(tmp_path_factory.mktemp("site") / "var")) as running:
        yield running


@pytest.fixture(scope="session")
def fakes(with_data: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fakes]:
    """One whole site with the fake provider for all tests of a worker: its keys, and Studio as its demo account."""
    with running_fakes(with_data(tmp_path_factory.mktemp("fakes") / "var")) as made:
        yield made
