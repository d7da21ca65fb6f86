"""HTTP as upstreams speak it, well or badly: what ``pools.post`` makes of the bytes of a server that is written down here."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvloop
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from clod_site.lib import clock
from gateway.upstream import pools
from gateway.upstream.connection import UNREAD_BYTES, Broken, HungUp
from gateway.upstream.pools import Pool

HELLO = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
Speak = Callable[["Server", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Answers every request as ``speak`` says, and remembers them."""

    def __init__(self, speak: Speak) -> None:
        self._speak = speak
        self.requests: list[bytes] = []
        self.connections = 0
        self.url = ""
        self._closed = asyncio.Semaphore(0)

    async def sees_closed(self, connections: int) -> None:
        for _ in range(connections):
            await self._closed.acquire()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                await self._speak(self, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            self._closed.release()
        finally:
            writer.close()


def says(*parts: bytes, then_closes: bool = False) -> Speak:
    async def speak(_: Server, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.005)
        if then_closes:
            raise ConnectionAbortedError

    return speak


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """On the event loop of production, and on the one of a test client."""

    def run(speak: Speak, client: Callable[[Server], Coroutine[Any, Any, Any]], **listening: Any) -> Any:
        async def both() -> Any:
            server = Server(speak)
            listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, **listening)
            scheme = "https" if listening else "http"
            server.url = f"{scheme}://localhost:{listener.sockets[0].getsockname()[1]}/v1/chat"
            try:
                return await asyncio.wait_for(client(server), 20)
            finally:
                await pools.close_client()
                listener.close()

        return request.param(both())

    return run


async def _whole(url: str, body: bytes = b"{}", **headers: str) -> tuple[int, bytes]:
    response = await pools.post(Pool.DEPLOYERS, url, headers, body)
    parts = []
    while part := await response.some():
        parts.append(part)
    await response.release()
    return response.status, b"".join(parts)


def test_one_connection_carries_one_call_after_the_other(run: Any) -> None:
    async def client(server: Server) -> Server:
        assert [await _whole(server.url, b"x" * size, authorization="Bearer k") for size in (0, 1, 300_000)] == [(200, b"hello")] * 3
        return server

    server = run(says(HELLO), client)
    assert server.connections == 1
    head, _, body = server.requests[2].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/chat HTTP/1.1\r\nhost: localhost:")
    assert b"\r\nauthorization: Bearer k" in head
    assert len(body) == 300_000


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "parts",
    [
        (HELLO[:9], HELLO[9:30], HELLO[30:]),
        (CHUNKED + b"2\r\nhe\r\n", b"3;x=y\r\nllo\r\n0\r\nx-trailer: 1\r\n\r\n"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + HELLO),
    ],
    ids=["in pieces", "chunked", "interim heads"],
)
def test_an_answer_is_the_same_however_it_comes(run: Any, parts: tuple[bytes, ...]) -> None:
    async def client(server: Server) -> None:
        assert [await _whole(server.url), await _whole(server.url)] == [(200, b"hello")] * 2
        assert server.connections == 1

    run(says(*parts), client)


def test_an_answer_without_a_length_ends_with_its_connection(run: Any) -> None:
    async def client(server: Server) -> None:
        assert [await _whole(server.url), await _whole(server.url)] == [(200, b"hello")] * 2
        assert server.connections == 2

    run(says(b"HTTP/1.1 200 OK\r\n\r\nhel", b"lo", then_closes=True), client)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (b"", HungUp),
        (b"HTTP/1.1 20", Broken),
        (HELLO[:-1], Broken),
        (CHUNKED + b"5\r\nhello\r\n", Broken),
        (b"SSH-2.0-OpenSSH_9.7\r\n", Broken),
        (b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", Broken),
    ],
)
def test_what_breaks_off_is_told_apart_from_what_never_began(run: Any, said: bytes, kind: type[Broken]) -> None:
    async def client(server: Server) -> None:
        with pytest.raises(Broken) as broken:
            await _whole(server.url)
        assert type(broken.value) is kind

    run(says(said, then_closes=True), client)


def test_a_head_without_an_end_is_not_kept(run: Any) -> None:
    async def speak(_: Server, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"x-filler: " + b"x" * 1000 + b"\r\n")
            await writer.drain()

    async def client(server: Server) -> None:
        with pytest.raises(Broken, match="has no end"):
            await _whole(server.url)

    run(speak, client)


@pytest.mark.parametrize("unasked", [HELLO + HELLO, b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello"])
def test_a_connection_with_more_on_it_is_not_used_again(run: Any, unasked: bytes) -> None:
    async def client(server: Server) -> None:
        assert [await _whole(server.url), await _whole(server.url)] == [(200, b"hello")] * 2
        assert server.connections == 2

    run(says(unasked), client)


def test_a_server_that_speaks_unasked_is_not_heard(run: Any) -> None:
    """nginx says 408 on a connection that it closes for idleness: no answer to the call that comes next."""

    async def speak(_: Server, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HELLO)
        await writer.drain()
        await asyncio.sleep(0.03)
        writer.write(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n")

    async def client(server: Server) -> None:
        assert await _whole(server.url) == (200, b"hello")
        await asyncio.sleep(0.2)
        assert await _whole(server.url) == (200, b"hello")
        assert server.connections == 2

    run(speak, client)


def test_what_nobody_reads_stays_with_the_upstream(run: Any) -> None:
    sent = 0

    async def flood(_: Server, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(1000):
            writer.write(b"x" * 100_000)
            await writer.drain()
            sent += 100_000
        raise ConnectionAbortedError

    async def client(server: Server) -> None:
        response = await pools.post(Pool.DEPLOYERS, server.url, {}, b"")
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(0.1)
        assert sent < 50_000_000
        assert len(await response.some()) < 4 * UNREAD_BYTES
        read = 0
        while part := await response.some():
            read += len(part)
        assert sent == 100_000_000
        assert read > 90_000_000

    run(flood, client)


@pytest.mark.parametrize("has_begun", [False, True])
def test_whoever_stops_waiting_closes_the_connection(run: Any, has_begun: bool) -> None:
    async def speak(_: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if has_begun:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n1")
        await reader.readexactly(1)

    async def client(server: Server) -> None:
        try:
            async with asyncio.timeout(0.2):
                response = await pools.post(Pool.DEPLOYERS, server.url, {}, b"")
            assert has_begun
            response.close()
        except TimeoutError:
            assert not has_begun
        await server.sees_closed(1)

    run(speak, client)


def test_an_answer_that_does_not_end_is_not_waited_for(run: Any) -> None:
    async def speak(_: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(CHUNKED + b"5\r\nhello\r\n")
        await reader.readexactly(1)

    async def client(server: Server) -> None:
        response = await pools.post(Pool.DEPLOYERS, server.url, {}, b"")
        assert await response.some() == b"hello"
        await response.release()
        await server.sees_closed(1)

    run(speak, client)


def test_connections_nobody_wants_are_closed(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "KEPT_S", 0.1)

    async def client(server: Server) -> None:
        await asyncio.gather(*(_whole(server.url) for _ in range(5)))
        assert server.connections > 1
        await server.sees_closed(server.connections)

    run(says(HELLO), client)


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\nx", "a\0", "ключ"])
def test_a_header_http_cannot_carry_is_not_sent(run: Any, value: str) -> None:
    async def client(server: Server) -> None:
        with pytest.raises(ValueError, match=r"header|latin-1"):
            await _whole(server.url, authorization=value)
        assert server.requests == []

    run(says(HELLO), client)


@pytest.mark.parametrize(
    ("url", "origin", "line", "host"),
    [
        ("https://api.example.org/v1/chat", (True, "api.example.org", 443), "/v1/chat", "api.example.org"),
        ("http://10.0.0.5:8000/a b?api-version=1", (False, "10.0.0.5", 8000), "/a%20b?api-version=1", "10.0.0.5:8000"),
        ("http://[::1]:8000", (False, "::1", 8000), "/", "[::1]:8000"),
        ("https://bücher.example/x", (True, "xn--bcher-kva.example", 443), "/x", "xn--bcher-kva.example"),
        ("https://x.example/models/m:generate?alt=sse", (True, "x.example", 443), "/models/m:generate?alt=sse", "x.example"),
    ],
)
def test_addresses_are_taken_apart(url: str, origin: tuple[bool, str, int], line: str, host: str) -> None:
    found = pools.address(url)
    assert found.origin == origin
    assert found.head.startswith(f"POST {line} HTTP/1.1\r\nhost: {host}\r\n")


@pytest.mark.parametrize("url", ["ftp://x.example/", "https://", "x.example/v1", "https://me:secret@x.example/", "http://x:99999/"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- urlsplit has words of its own
        pools.address(url)


class _Names(AbstractResolver):
    def __init__(self, *hosts: str) -> None:
        self.hosts, self.asked = hosts, 0

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        self.asked += 1
        return [ResolveResult(hostname=host, host=each, port=port, family=family, proto=0, flags=0) for each in self.hosts]

    async def close(self) -> None: ...


def test_the_next_address_of_a_name_is_tried_and_the_name_looked_up_once(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    names = _Names("127.0.0.2", "127.0.0.1")  # nobody listens at the first
    monkeypatch.setattr(pools, "_resolver", lambda _: names)

    async def client(server: Server) -> None:
        assert [await _whole(server.url), await _whole(server.url)] == [(200, b"hello")] * 2

    run(says(HELLO.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")), client)
    assert names.asked == 1


def test_nobody_there_is_a_failure_of_the_network(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "_resolver", lambda _: _Names("127.0.0.2"))

    async def client(server: Server) -> None:
        with pytest.raises(OSError, match=r"refused|Connect call failed"):
            await _whole(server.url)

    run(says(HELLO), client)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Of ``localhost``, signed by itself, with its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), clock.now()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    file = tmp_path / "localhost.pem"
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(key.private_bytes(*plain) + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("is_trusted", [True, False])
def test_with_tls_a_server_proves_its_name(
    run: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch, host: str, is_trusted: bool
) -> None:
    ours, theirs = ssl.create_default_context(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(certificate)
    if is_trusted:
        ours.load_verify_locations(certificate)
    monkeypatch.setattr(pools, "_tls", lambda: ours)

    async def client(server: Server) -> None:
        url = server.url.replace("localhost", host)
        if is_trusted and host == "localhost":
            assert [await _whole(url), await _whole(url)] == [(200, b"hello")] * 2
            assert server.connections == 1
        else:
            with pytest.raises(ssl.SSLCertVerificationError):
                await _whole(url)

    run(says(HELLO), client, ssl=theirs)


PIECES = (CHUNKED, b"1\r\na\r\n", b"1\r\nb\r\n", b"1\r\nc\r\n", b"0\r\n\r\n")


def test_who_hears_a_body_gets_it_as_it_comes_and_may_pause(run: Any) -> None:
    async def client(server: Server) -> None:
        response = await pools.post(Pool.DEPLOYERS, server.url, {}, b"{}")
        heard: list[bytes] = []

        def hear(part: bytes) -> bool:
            heard.append(part)
            return part.startswith(b"a")

        assert not await response.pour(hear)
        assert heard == [b"a"]
        await asyncio.sleep(0.05)  # meanwhile all of it comes, and waits
        assert heard == [b"a"]
        assert await response.pour(hear)
        assert b"".join(heard) == b"abc"
        assert await response.pour(hear), "what is over stays over"

    run(says(*PIECES), client)


def test_what_is_thrown_while_hearing_is_raised_where_the_end_is_waited_for(run: Any) -> None:
    async def client(server: Server) -> None:
        response = await pools.post(Pool.DEPLOYERS, server.url, {}, b"{}")
        with pytest.raises(ZeroDivisionError):
            await response.pour(lambda _: bool(1 // 0))
        response.close()
        await server.sees_closed(1)

    run(says(*PIECES[:3]), client)


async def _heard(server: Server) -> tuple[bytes, bool]:
    """What was heard of an answer, and whether it came to its end."""
    response = await pools.post(Pool.DEPLOYERS, server.url, {}, b"{}")
    heard: list[bytes] = []
    try:
        is_over = await response.pour(lambda part: bool(heard.append(part)))
    except Broken:
        is_over = False
    return b"".join(heard), is_over


@pytest.mark.parametrize(
    ("rest", "heard"),
    [(b"2\r\nbc\r\n0\r\n\r\n\0garbage", (b"abc", True)), (b"2\r\nbc\r\nzz\r\n", (b"abc", False))],
    ids=["behind its end", "in its middle"],
)
def test_what_comes_with_nonsense_is_heard_as_far_as_it_makes_sense(run: Any, rest: bytes, heard: tuple[bytes, bool]) -> None:
    async def client(server: Server) -> None:
        assert await _heard(server) == heard

    run(says(CHUNKED + b"1\r\na\r\n", rest), client)


def test_a_body_that_breaks_off_is_heard_up_to_there(run: Any) -> None:
    async def client(server: Server) -> None:
        assert await _heard(server) == (b"ab", False)

    run(says(*PIECES[:3], then_closes=True), client)
