"""Where a call comes from: the client's own address, also behind proxies we trust; and who shares one."""

import ipaddress
from functools import lru_cache

from clod_site.lib.at_hand import settings

IPV6_PREFIX = 64  # what one customer of an access provider has

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def parse(text: str) -> Address | None:
    """IPv4 in IPv6's clothes is IPv4. A port behind an IPv4 address or a bracketed one is ignored, as some proxies write it."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


@lru_cache(maxsize=4096)
def neighbourhood(text: str) -> str:
    """Everybody who may be one and the same client: an IPv4 address, or the network of an IPv6 one."""
    address = parse(text)
    if address is None:
        return text
    return str(address) if address.version == 4 else str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))


def is_trusted(text: str) -> bool:
    """Whether this is a proxy of ours."""
    if not settings.CLOD_TRUSTED_PROXIES:
        return False
    address = parse(text)
    return address is not None and any(address in network for network in settings.CLOD_TRUSTED_PROXIES)


def forwarded_for(headers: list[tuple[bytes, bytes]]) -> str:
    """The client as our own proxies saw it: the last address in X-Forwarded-For that is none of theirs. What stands before
    that is hearsay. Empty when there is none."""
    chain = b",".join(value for name, value in headers if name == b"x-forwarded-for").decode("latin-1").split(",")
    client = ""
    for text in reversed(chain):
        address = parse(text)
        if address is None:
            break
        client = str(address)
        if not is_trusted(client):
            break
    return client
