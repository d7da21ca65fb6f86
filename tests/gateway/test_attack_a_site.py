"""A whole site, as its own process, under what strangers send: always a JSON error, never a 5xx; memory and disk stay flat."""

import gzip
import json
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.gateway.hostile import NO_COMPLETIONS, completion
from tests.gateway.raw import Wire
from tests.site import Site, running_site

pytestmark = pytest.mark.site
DOORS = (b"/v1/chat/completions", b"/api/v1/chat/completions")
PATHS = (*DOORS, b"/accounts/login/", b"/models", b"/admin/")
MIB = 1024 * 1024
MAY_GROW_BYTES = 192 * MIB  # bodies in flight, some of them twice, and what the allocator keeps of that; what is sent is gigabytes


@dataclass
class Attacked:
    site: Site
    spool: Path

    @property
    def url(self) -> str:
        return self.site.base_url

    @property
    def key(self) -> str:
        return self.site.api_key

    def memory_bytes(self) -> int:
        status = Path(f"/proc/{self.site.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024

    def open_files(self) -> int:
        return len(list(Path(f"/proc/{self.site.process.pid}/fd").iterdir()))

    def completes(self) -> bool:
        with Wire(self) as wire:
            wire.socket.settimeout(60)
            wire.post(completion(rest=b', "max_tokens": 3').replace(b"paris", b"SmolLM2 135M Instruct"))
            return wire.answer()[0] == 200


@pytest.fixture(scope="module")
def attacked(with_data: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    folder = tmp_path_factory.mktemp("attacked")
    spool = Path(tempfile.mkdtemp(dir=folder))
    with running_site(with_data(folder / "var"), TMPDIR=str(spool), CLOD_BAD_KEYS_PER_MINUTE="0") as site:
        yield Attacked(site, spool)


@pytest.fixture(autouse=True)
def the_site_is_as_it_was(attacked: Attacked) -> Iterator[None]:
    assert attacked.completes()
    memory, files = attacked.memory_bytes(), attacked.open_files()
    yield
    assert attacked.completes()
    assert attacked.site.process.poll() is None
    assert attacked.memory_bytes() - memory < MAY_GROW_BYTES
    assert attacked.open_files() - files < 20
    assert not [path for path in attacked.spool.rglob("*") if path.is_file()]
    said = attacked.site.output.read_text()
    assert "Traceback" not in said, said[-3000:]


def test_bodies_that_are_no_completions(attacked: Attacked) -> None:
    for door in DOORS:
        for body in NO_COMPLETIONS:
            with Wire(attacked) as wire:
                wire.post(body, path=door)
                assert wire.refused()[0] in {400, 404}, (door, body[-40:])


def test_three_hundred_megabytes_and_endless_chunks(attacked: Attacked) -> None:
    chunk = b"100000\r\n" + b" " * MIB + b"\r\n"
    for path in PATHS:
        for lines, part in ((b"content-length: 314572800", b" " * MIB), (b"transfer-encoding: chunked", chunk)):
            with Wire(attacked) as wire:
                wire.flood(wire.head(b"POST", path, lines))
                for _ in range(300):
                    wire.flood(part)
                assert wire.refused() == (413, "body_too_large"), path


def test_gzip_bombs_are_not_unpacked(attacked: Attacked) -> None:
    bomb = gzip.compress(b" " * 100 * MIB)
    for door in DOORS:
        with Wire(attacked) as wire:
            wire.post(bomb, b"content-encoding: gzip", path=door)
            assert wire.refused() == (415, "unsupported_content_encoding")


def test_large_bodies_without_a_good_key(attacked: Attacked) -> None:
    body = completion(b'"' + b"a" * 3 * MIB + b'"')
    for _ in range(5):
        wires = [Wire(attacked) for _ in range(40)]
        for number, wire in enumerate(wires):
            wire.key = "clod_sk_" + "a" * 62
            wire.post(body, path=DOORS[number % 2])
        for wire in wires:
            assert wire.refused() == (401, "invalid_api_key")
            wire.__exit__()


def test_hundreds_of_halves(attacked: Attacked) -> None:
    halves = [Wire(attacked) for _ in range(700)]
    for number, half in enumerate(halves):
        half.flood(half.head()[: 1 + number % 150])
    with urllib.request.urlopen(attacked.url + "/healthz", timeout=5) as answer:
        assert json.load(answer) == {"status": "ok"}
    for half in halves:
        half.__exit__()


NOISE = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"\x00" * 5000,
    b"GET\r\n\r\n",
    b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
    b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\nhello",
    b"POST /v1/chat/completions HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\nhello",
    b"POST /v1/chat/completions HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\nhello",
    b"POST /v1/chat/completions HTTP/1.1\r\nx\x00y: z\r\n\r\n",
    b"POST /v1/chat/completions HTTP/1.1\r\n : z\r\n\r\n",
    b"POST /v1/chat/completions HTTP/1.1\r\nx: " + b"y" * 70_000,
    b"GET /" + b"%00" * 30_000 + b" HTTP/1.1\r\n\r\n",
    b"CONNECT a:1 HTTP/1.1\r\n\r\n",
    b"GET /\xff HTTP/1.1\r\n\r\n",
)


def test_noise_is_answered_in_json_and_hung_up_on(attacked: Attacked) -> None:
    for noise in NOISE:
        with Wire(attacked) as wire:
            wire.flood(noise)
            assert 400 <= wire.refused()[0] < 500, noise[:60]
            assert wire.is_closed()
