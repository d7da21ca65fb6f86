"""What the proxy and the pages say to anybody: health, headers, static files, refusals in JSON."""

import gzip
import re
import socket
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.acceptance.conftest import MODEL, bearer

pytestmark = pytest.mark.acceptance

PUBLIC = ["/", "/models", "/models/smollm2-135m-instruct", "/docs", "/accounts/login/", "/accounts/signup/", "/admin/login/"]
OF_DORA = ["/projects", "/keys", "/studio", "/activity", "/billing", "/settings", "/team"]
INLINE = re.compile(r"<script(?![^>]*(?:\bsrc=|type=\"application/json\"))[^>]*>")
MIB = 1024**2


def test_every_process_is_well_and_ready(stack) -> None:
    for at in [stack.base_url, *stack.webs]:
        assert httpx2.get(f"{at}/healthz").json() == {"status": "ok"}
        assert httpx2.get(f"{at}/readyz").json() == {"status": "ready"}


def test_pages_carry_the_policies_of_a_hardened_site(stack, dora) -> None:
    for path in [*PUBLIC, *OF_DORA, "/no/such/page"]:
        page = dora.get(path) if path in OF_DORA else httpx2.get(f"{stack.base_url}{path}", follow_redirects=True)
        assert page.status_code == (404 if path == "/no/such/page" else 200), path
        policy = page.headers["content-security-policy"]
        assert "default-src 'self'" in policy, path
        assert "frame-ancestors 'none'" in policy, path
        assert page.headers["x-content-type-options"] == "nosniff", path
        assert page.headers["x-frame-options"] == "DENY", path
        assert page.headers["referrer-policy"] == "same-origin", path
        assert "uvicorn" not in page.headers.get("server", ""), path
        if not path.startswith("/admin"):
            assert "script-src" not in policy, path
            assert not INLINE.search(page.text), f"{path} has a script in it"


def test_a_session_cookie_cannot_be_read_by_scripts(dora) -> None:
    dora.get("/projects")
    cookie = next(each for each in dora.http.cookies.jar if each.name == "clod_session")
    assert cookie.has_nonstandard_attr("HttpOnly")


def test_the_admin_asks_who_one_is(stack) -> None:
    asked = httpx2.get(f"{stack.base_url}/admin/", follow_redirects=True)
    assert asked.status_code == 200
    assert "login" in asked.url.path


def test_static_files_are_there_for_ever_and_compressed(stack) -> None:
    page = httpx2.get(f"{stack.base_url}/").text
    files = re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', page)
    assert files
    for file in files:
        served = httpx2.get(f"{stack.base_url}{file}", headers={"Accept-Encoding": "gzip"})
        assert served.status_code == 200, file
        assert "immutable" in served.headers["cache-control"], file


def test_the_price_chart_has_prices(stack) -> None:
    now = httpx2.get(f"{stack.base_url}/v1/prices/now").json()
    assert now["object"] == "prices"
    assert now["reference"]["usd_per_mwh"] > 0
    history = httpx2.get(f"{stack.base_url}/v1/prices", params={"model": "smollm2-135m-instruct"})
    assert history.status_code == 200, history.text
    assert len(history.json()["list_price"]["input_usd_per_mtok"]) > 200


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused_in_json(stack, chunked) -> None:
    body = b'{"model": "' + b"a" * (4 * MIB) + b'"}'
    content = (body[start : start + MIB] for start in range(0, len(body), MIB)) if chunked else body
    answer = httpx2.post(f"{stack.base_url}/v1/chat/completions", content=content, headers=bearer(stack.api_key))
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "body_too_large"


def test_a_body_of_almost_four_mebibytes_comes_through(stack) -> None:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "a" * (4 * MIB - 1000)}]}
    answer = httpx2.post(f"{stack.base_url}/v1/chat/completions", json=body, headers=bearer(stack.api_key), timeout=60)
    assert answer.status_code == 400
    assert "error" in answer.json()


@pytest.mark.parametrize(
    ("words", "statuses"),
    [
        pytest.param(b"BLAH\r\n\r\n", {400}, id="no request line"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", {400}, id="TLS"),
        pytest.param(b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {400, 414, 431}, id="a long address"),
        pytest.param(b"GET /v1/models HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", {400, 431}, id="a long header"),
        pytest.param(b"GET /v1/models HTTP/1.1\r\n\r\n", {400}, id="no host"),
        pytest.param(b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", {400, 405}, id="CONNECT"),
        pytest.param(b"TRACE /v1/models HTTP/1.1\r\nHost: a\r\n\r\n", {400, 405}, id="TRACE"),
        pytest.param(b"POST /v1/models HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: rot13\r\n\r\n", {400}, id="an unknown encoding"),
        pytest.param(b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", {400}, id="a negative length"),
    ],
)
def test_whatever_comes_is_refused_in_json(stack, words, statuses) -> None:
    address = urlsplit(stack.base_url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as line:
        line.sendall(words)
        answer = b"".join(iter(lambda: line.recv(65_536), b"")) if _closes(words) else line.recv(65_536)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split()[1]) in statuses, answer
    assert b"application/json" in head, answer
    assert body.startswith(b'{"error"'), answer


def _closes(words: bytes) -> bool:
    """After these nobody can know where the next request begins, so the connection ends."""
    return len(words) < 60_000 and b"TRACE" not in words


def test_pages_travel_compressed(stack) -> None:
    with httpx2.stream("GET", f"{stack.base_url}/models", headers={"Accept-Encoding": "gzip"}) as page:
        assert page.headers["content-encoding"] == "gzip"
        assert b"CL" in gzip.decompress(b"".join(page.iter_raw()))
