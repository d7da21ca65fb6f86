"""Where this site may connect to when somebody else names the address: an operator in the admin, or a tenant for their webhooks.

Nothing of ours is reachable that way: an address of this machine, of a private network or of a cloud's metadata service is refused,
unless the deployer has named its network. It is asked twice: of the words, when they are saved (``checked``), and of the addresses a
name stands for, when a connection is made (``allowed``). The connection goes to an address that was looked at, so a name that changes
its answer in between gains nothing. Redirects are not to be followed.
"""

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from clod_site.lib.at_hand import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MOST_CHARACTERS = 300
PORTS = {"https": 443, "http": 80}
FIRST_FREE_PORT = 1024
OUR_OWN = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carriers' NAT; Alibaba's metadata
        "168.63.129.16/32",  # Azure's host, a public address that leads to it from inside
        "192.0.0.0/24",  # Oracle's metadata
        "192.88.99.0/24",
        "::/96",
        "fec0::/10",
    )
)
_NAT64 = tuple(ipaddress.ip_network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48"))


class Denied(ValueError):
    """The message is for whoever named the address."""


class Rules(NamedTuple):
    """``networks`` are allowed however private they are, and without TLS. ``everything``: a developer's own machine."""

    networks: tuple[Network, ...] = ()
    everything: bool = False
    is_web: bool = False  # the ports of HTTP, and those above the system's: no mail server or shell is spoken to


def for_operators() -> Rules:
    """Upstreams named in the admin or the catalog. The environment's own are the deployer's word and are not asked about."""
    return Rules(settings.CLOD_ALLOWED_UPSTREAM_NETWORKS, everything=not settings.PRODUCTION)


def for_tenants() -> Rules:
    """Webhooks: the public internet with TLS, and nothing that operators may reach beyond it."""
    return Rules(everything=not settings.PRODUCTION, is_web=True)


def checked(url: str, rules: Rules) -> str:
    """The address, if it is one that may be kept: its words alone, no name is looked up. Denied otherwise."""
    parts = _parts(url)
    literal = address_of(parts.hostname or "")
    if rules.is_web and parts.port and parts.port < FIRST_FREE_PORT and parts.port not in PORTS.values():
        raise Denied(f"Nothing is sent to port {parts.port}. Use 443, or one from {FIRST_FREE_PORT} on.")
    if not rules.everything and parts.scheme != "https" and not (rules.networks and (literal is None or is_allowed(literal, rules))):
        raise Denied("Use https://. Without encryption only networks can be reached that the deployer has allowed.")
    if literal is not None and not is_allowed(literal, rules):
        raise Denied(_private(str(literal)))
    if literal is None and not rules.everything and not rules.networks and is_local_name(parts.hostname or ""):
        raise Denied(_private(parts.hostname or ""))
    return url


def allowed(host: str, found: Iterable[str], rules: Rules, *, has_tls: bool = True) -> list[str]:
    """The addresses a name stands for, if every one of them may be reached: one that may not is a reason to trust none. Denied otherwise.
    Without TLS only the allowed networks are."""
    addresses = list(dict.fromkeys(found))
    for text in addresses:
        address = address_of(text)
        if address is None or not is_allowed(address, rules):
            raise Denied(_private(host))
        if not has_tls and not rules.everything and not _is_in(address, rules.networks):
            raise Denied(f"{host} may only be reached with https://.")
    if not addresses:
        raise Denied(f"{host} has no address.")
    return addresses


def resolved(url: str, rules: Rules) -> list[str]:
    """For a client that blocks: the addresses to connect to, looked up now. The caller connects to one of them, keeps the name for TLS and
    the Host header, and follows no redirect. Denied, or OSError where the name is not known."""
    parts = _parts(checked(url, rules))
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return allowed(host, (str(row[4][0]) for row in found), rules, has_tls=parts.scheme == "https")


def is_allowed(address: Address, rules: Rules) -> bool:
    return rules.everything or _is_in(address, rules.networks) or is_public(address)


def is_public(address: Address) -> bool:
    """Whether it is a machine on the internet, whatever clothes the address wears."""
    inner = _inside(address)
    if inner is not None:
        return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved and not _is_in(address, OUR_OWN)


def address_of(text: str) -> Address | None:
    """An address in its usual spelling, or one of those that resolvers also take (``0x7f.1``, ``2130706433``, ``127.1``)."""
    text = text.strip("[]").partition("%")[0]
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(text)) if text[:1].isdigit() and " " not in text else None
    except (OSError, ValueError):
        return None


def is_local_name(host: str) -> bool:
    """A name that means something only in here."""
    name = host.rstrip(".").lower()
    return "." not in name or name.endswith((".localhost", ".local", ".internal", ".lan", ".home.arpa"))


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Denied("This is no address. It looks like https://api.example.org/v1.") from None
    if len(url) > MOST_CHARACTERS or parts.scheme not in PORTS or not parts.hostname or not url.isascii() or not url.isprintable():
        raise Denied("This is no address. It looks like https://api.example.org/v1.")
    if parts.username is not None or parts.password is not None:
        raise Denied("Leave user name and password out of the address.")
    if "#" in url:
        raise Denied("Leave out what begins with #: it is never sent.")
    if "\\" in url or " " in url or port == 0:
        raise Denied("This is no address. It looks like https://api.example.org/v1.")
    return parts


def _inside(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one carries, and that packets end up at."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if _is_in(address, _NAT64) else None


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return any((mapped or address) in network for network in networks)


def _private(host: str) -> str:
    return f"{host} is not on the public internet. Whoever runs this site can allow its network with CLOD_ALLOWED_UPSTREAM_NETWORKS."
