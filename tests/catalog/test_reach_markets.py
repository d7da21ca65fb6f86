"""The way to the markets is bounded: time, size, tries, no redirects. The markets here are servers on this machine."""

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest

from catalog.energy.feeds import AuthMissing, RateLimited, SchemaChanged, SourceDown, live, nyiso, web
from tests.catalog import answers

Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """Answers each request with the next of ``answers``, the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[BaseHTTPRequestHandler] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests.append(self)
                (outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0])(self)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/prices.csv?zone=1"


@pytest.fixture
def market(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(web.time, "sleep", lambda seconds: None)
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.http.shutdown()
    thread.join()
    server.http.server_close()


def says(status: int, body: bytes = b"", length: int | None = None, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def test_a_body_is_fetched_with_our_name_and_the_key(market: Server) -> None:
    market.answers = [says(200, b"a,b\n")]
    assert web.get(market.url, headers={"API-KEY": "k"}, cookie="a=1") == b"a,b\n"
    sent = market.requests[0]
    assert sent.path == "/prices.csv?zone=1"
    assert (sent.headers["User-Agent"], sent.headers["API-KEY"], sent.headers["Cookie"]) == (web.USER_AGENT, "k", "a=1")


def test_a_page_s_cookies_can_be_sent_back(market: Server) -> None:
    market.answers = [says(200, b"<html>", Set_Cookie="isox=abc; Path=/; Secure")]
    assert web.cookie(market.url) == "isox=abc"


def test_an_outage_is_tried_three_times(market: Server) -> None:
    market.answers = [says(500), says(503), says(200, b"ok")]
    assert web.get(market.url) == b"ok"
    market.answers = [says(500)]
    with pytest.raises(SourceDown, match="status 500"):
        web.get(market.url)
    assert len(market.requests) == 3 + 3


def test_a_cut_off_body_is_tried_again(market: Server) -> None:
    market.answers = [says(200, b"half", length=8), says(200, b"whole")]
    assert web.get(market.url) == b"whole"


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        (says(302, Location="https://elsewhere.example/"), SchemaChanged, "has moved to https://elsewhere.example/"),
        (says(400), SchemaChanged, "does not understand the question"),
        (says(404), SchemaChanged, "is gone"),
        (says(401), AuthMissing, "status 401"),
        (says(403), AuthMissing, "status 403"),
        (says(429), RateLimited, "too many requests"),
    ],
)
def test_what_another_try_cannot_mend_is_not_tried_again(market: Server, answer: Answer, error: type[Exception], sentence: str) -> None:
    market.answers = [answer]
    with pytest.raises(error, match=sentence):
        web.get(market.url)
    assert len(market.requests) == 1


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("999999", 3600), ("Wed, 21 Oct 2026 07:28:00 GMT", 300)])
def test_a_rate_limit_says_how_long(market: Server, header: str, seconds: int) -> None:
    market.answers = [says(429, Retry_After=header)]
    with pytest.raises(RateLimited) as refusal:
        web.get(market.url)
    assert refusal.value.retry_after_s == seconds


def test_a_body_without_end_is_refused(market: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "MAX_BYTES", 1024**2)
    market.answers = [says(200, b"x" * (1024**2 + 1))]
    with pytest.raises(SchemaChanged, match="larger than 1 MB"):
        web.get(market.url)


def test_a_packed_body_is_unpacked_though_we_did_not_ask_for_it(market: Server) -> None:
    packed = gzip.compress(b"a,b\n" * 1000)
    market.answers = [says(200, packed, Content_Encoding="gzip")]
    assert web.get(market.url) == b"a,b\n" * 1000


@pytest.mark.parametrize(("body", "sentence"), [(b"PK", "packed and damaged"), (gzip.compress(b"x" * 99, mtime=0)[:-9], "cut off")])
def test_a_packed_body_that_is_broken_is_an_outage(market: Server, body: bytes, sentence: str) -> None:
    market.answers = [says(200, body, Content_Encoding="gzip")]
    with pytest.raises(SourceDown, match=sentence):
        web.get(market.url)
    assert len(market.requests) == 3


def test_a_packed_body_without_end_is_refused(market: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "MAX_BYTES", 1024**2)
    market.answers = [says(200, gzip.compress(b"x" * (1024**2 + 1)), Content_Encoding="gzip")]
    with pytest.raises(SchemaChanged, match="larger than 1 MB"):
        web.get(market.url)


def test_tries_keep_the_distance_a_market_asks_for(market: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(web.time, "sleep", pauses.append)
    market.answers = [says(500)]
    with pytest.raises(SourceDown):
        web.get(market.url, apart_s=5)
    assert len(pauses) == 2
    assert min(pauses) > 5


def test_a_market_that_says_nothing_is_given_up(market: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "READ_S", 0.05)
    monkeypatch.setattr(web, "TOTAL_S", 0.1)
    done = threading.Event()
    market.answers = [lambda _: bool(done.wait(5)) and None]
    with pytest.raises(SourceDown, match="does not answer"):
        web.get(market.url)
    done.set()


def test_a_market_that_dribbles_is_given_up(market: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "READ_S", 0.2)
    monkeypatch.setattr(web, "TOTAL_S", 0.3)
    done = threading.Event()

    def dribble(handler: BaseHTTPRequestHandler) -> None:
        says(200, b"x", length=10_000)(handler)
        while not done.wait(0.02):
            try:
                handler.wfile.write(b"x")
            except OSError:
                return

    market.answers = [dribble]
    with pytest.raises(SourceDown):
        web.get(market.url)
    done.set()


def test_a_closed_port_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.time, "sleep", lambda seconds: None)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(SourceDown, match=r"127\.0\.0\.1 does not answer"):
            web.get(f"http://127.0.0.1:{unused.getsockname()[1]}/")


# --- what each market is asked ------------------------------------------------------------------------

SPAN = "11/22/2026 14:32to11/22/2026 15:32"
ASKED = {
    "caiso": (
        "https://oasis.caiso.com/oasisapi/SingleZip",
        {
            "resultformat": "6",
            "queryname": "PRC_INTVL_LMP",
            "version": "3",
            "market_run_id": "RTM",
            "node": "TH_NP15_GEN-APND",
            "startdatetime": "20261122T14:32-0000",
            "enddatetime": "20261122T15:42-0000",
        },
    ),
    "ercot": ("https://www.ercot.com/misdownload/servlets/mirDownload", {"doclookupId": "222"}),
    "nyiso": ("https://oasis-postings.prod.nysdi.com/RT_LBMP_ZONE/CSV/current.csv", {}),
    "isone": ("https://www.iso-ne.com/transform/csv/fiveminlmp/current", {"type": "prelim"}),
    "miso": ("https://public-api.misoenergy.org/api/MarketPricing/GetLmpConsolidatedTable", {}),
    "spp": ("https://portal.spp.org/file-browser-api/download/rtbm-lmp-by-location", {"path": "/RTBM-LMP-SL-latestInterval.csv"}),
    "ieso": ("https://reports-public.ieso.ca/public/RealtimeOntarioZonalPrice/PUB_RealtimeOntarioZonalPrice.xml", {}),
    "comed": ("https://hourlypricing.comed.com/api", {"type": "5minutefeed"}),
    "pjm": (
        "https://api.pjm.com/api/v1/rt_unverified_fivemin_lmps",
        {"rowCount": "5000", "startRow": "1", "pnode_id": "34964545", "datetime_beginning_utc": SPAN},
    ),
    "aeso": ("https://apimgw.aeso.ca/public/systemmarginalprice-api/v1.1/price/systemMarginalPrice", {"startDate": "2026-11-22"}),
}
KEYS = {"pjm": {"Ocp-Apim-Subscription-Key": "key"}, "aeso": {"API-KEY": "key"}}


@pytest.mark.parametrize("feed", sorted(live.MARKETS))
def test_each_market_is_asked_as_it_documents(feed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, dict[str, object]]] = []

    def get(url: str, **options: object) -> bytes:
        sent.append((url, options))
        return answers.ERCOT_LIST if "IceDocListJsonWS" in url else b"body"

    monkeypatch.setattr(web, "get", get)
    monkeypatch.setattr(web, "cookie", lambda url: "isox=1")
    assert live.MARKETS[feed].fetch(answers.ask(feed)) == b"body"
    url, options = sent[-1]
    parts = urlsplit(url)
    assert (f"{parts.scheme}://{parts.netloc}{parts.path}", dict(parse_qsl(parts.query))) == ASKED[feed]
    assert options.get("headers", {}) == KEYS.get(feed, {})
    assert ("cookie" in options, "apart_s" in options) == (feed == "isone", feed == "caiso")


def test_new_york_s_old_address_is_asked_when_the_new_one_has_nothing(market: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nyiso, "ADDRESS", market.url)
    monkeypatch.setattr(nyiso, "OLD_ADDRESS", market.url)
    for refusal in (403, 404, 301):
        market.answers = [says(refusal), says(200, b"prices")]
        assert nyiso.fetch(answers.ask("nyiso")) == b"prices"
    market.answers = [says(429)]
    with pytest.raises(RateLimited):
        nyiso.fetch(answers.ask("nyiso"))
