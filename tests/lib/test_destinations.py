"""Where the site may connect to on somebody else's word: the public internet, and what the deployer has allowed beside it."""

import socket
from ipaddress import ip_address, ip_network

import pytest

from clod_site.lib import destinations
from clod_site.lib.destinations import Denied, Rules

STRICT = Rules()
WITH_TEN = Rules((ip_network("10.0.0.0/8"),))
PRIVATE = {
    "this machine": ["127.0.0.1", "127.8.8.8", "::1", "0.0.0.0", "0.1.2.3", "::"],
    "private networks": ["10.0.0.5", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fd00::1", "fc00::1", "fec0::1"],
    "metadata of clouds": [
        "169.254.169.254",
        "169.254.170.2",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fe80::1",
    ],
    "carriers": ["100.64.0.1", "100.127.255.255"],
    "many at once": ["224.0.0.1", "239.255.255.255", "255.255.255.255", "ff02::1"],
    "nobody's": ["240.0.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.9", "2001:db8::1", "192.88.99.1"],
    "IPv4 in IPv6's clothes": [
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.5",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:5",
        "64:ff9b:1::a00:5",
    ],
    "IPv4 in tunnels": ["2002:7f00:1::", "2002:a00:5::1", "2001:0:4136:e378:8000:63bf:f5ff:fffa"],
}
PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1", "172.32.0.1", "100.128.0.1"]


@pytest.mark.parametrize("address", [address for group in PRIVATE.values() for address in group])
def test_what_is_not_the_internet_is_refused(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Denied):
        destinations.allowed("api.example.org", [address], STRICT)
    with pytest.raises(Denied):
        destinations.checked(f"https://{host}/v1", STRICT)


@pytest.mark.parametrize("address", PUBLIC)
def test_the_internet_is_not(address: str) -> None:
    assert destinations.allowed("api.example.org", [address], STRICT) == [address]


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "10.5", "[::ffff:7f00:1]", "169.254.43518"])
def test_other_spellings_of_an_address_are_the_address(host: str) -> None:
    with pytest.raises(Denied):
        destinations.checked(f"https://{host}/v1", STRICT)


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "redis", "db.internal", "printer.local", "a.localhost", "metadata.google.internal"]
)
def test_names_that_mean_something_in_here_only_are_refused_when_they_are_saved(host: str) -> None:
    with pytest.raises(Denied, match="public internet"):
        destinations.checked(f"https://{host}/v1", STRICT)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org",
        "file:///etc/passwd",
        "https://",
        "//example.org",
        "https://example.org:99999",
        "https://example.org:0/",
        "gopher://x.example.org",
        "https://exa mple.org/",
        "https://example.org\\@10.0.0.5/",
        "https://exämple.org/",
        "https://example.org/\r\nHost: x",
        "https://" + "a" * 400 + ".org",
        "https://[::1",
        "",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Denied):
        destinations.checked(url, STRICT)


def test_credentials_do_not_belong_in_an_address() -> None:
    for url in ("https://me:secret@api.example.org", "https://me@api.example.org", "https://@10.0.0.5/"):
        with pytest.raises(Denied):
            destinations.checked(url, STRICT)


def test_an_ordinary_address_is_kept_as_it_is() -> None:
    url = "https://api.example.org:8443/v1?x=1"
    assert destinations.checked(url, STRICT) == url


def test_without_tls_only_allowed_networks_can_be_named() -> None:
    with pytest.raises(Denied, match="https"):
        destinations.checked("http://api.example.org/v1", STRICT)
    assert destinations.checked("http://10.0.0.5:8000/v1", WITH_TEN)
    assert destinations.checked("http://vllm.dfw.internal:8000/v1", WITH_TEN), "it is looked up when it is connected to"
    with pytest.raises(Denied):
        destinations.checked("http://192.168.0.5:8000/v1", WITH_TEN)
    with pytest.raises(Denied, match="https"):
        destinations.allowed("api.example.org", ["1.1.1.1"], WITH_TEN, has_tls=False)
    assert destinations.allowed("vllm", ["10.0.0.5"], WITH_TEN, has_tls=False) == ["10.0.0.5"]
    assert destinations.allowed("vllm", ["::ffff:10.0.0.5"], WITH_TEN, has_tls=False) == ["::ffff:10.0.0.5"]


def test_one_private_answer_among_public_ones_spoils_them_all() -> None:
    with pytest.raises(Denied):
        destinations.allowed("api.example.org", ["1.1.1.1", "10.0.0.5"], STRICT)
    with pytest.raises(Denied):
        destinations.allowed("api.example.org", [], STRICT)


def test_a_developers_own_machine_may_reach_itself() -> None:
    everything = Rules(everything=True)
    assert destinations.checked("http://127.0.0.1:8000/v1", everything)
    assert destinations.resolved("http://127.0.0.1:8000/v1", everything) == ["127.0.0.1"]


def test_a_name_is_looked_up_when_a_blocking_client_connects(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["1.1.1.1", "10.0.0.5"])

    def changes(host: str, port: int, **_: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", changes)
    assert destinations.resolved("https://hooks.example.org/clod", STRICT) == ["1.1.1.1"]
    with pytest.raises(Denied, match=r"hooks\.example\.org is not on the public internet"):
        destinations.resolved("https://hooks.example.org/clod", STRICT)


def test_tenants_may_reach_nothing_that_operators_were_allowed(settings) -> None:  # type: ignore[no-untyped-def]
    settings.PRODUCTION, settings.CLOD_ALLOWED_UPSTREAM_NETWORKS = True, (ip_network("10.0.0.0/8"),)
    inside = ip_address("10.0.0.5")
    assert destinations.is_allowed(inside, destinations.for_operators())
    assert not destinations.is_allowed(inside, destinations.for_tenants())


@pytest.mark.parametrize("url", ["https://example.org:22/", "https://example.org:25/", "https://example.org:1023/"])
def test_tenants_name_no_port_of_another_service(url: str) -> None:
    with pytest.raises(Denied, match="Nothing is sent to port"):
        destinations.checked(url, destinations.for_tenants())
    assert destinations.checked(url, destinations.for_operators()) == url


@pytest.mark.parametrize("url", ["https://example.org/", "https://example.org:443/", "http://example.org:80/", "https://example.org:8443/"])
def test_the_web_s_own_ports_are_taken(url: str) -> None:
    assert destinations.checked(url, destinations.for_tenants()) == url


def test_a_fragment_is_never_sent_so_it_is_no_part_of_an_address() -> None:
    with pytest.raises(Denied, match="Leave out what begins with #"):
        destinations.checked("https://example.org/hook#token", STRICT)
