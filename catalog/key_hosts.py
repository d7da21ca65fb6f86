"""Which key the catalog sends to which host. A key that can be written and never read would be read by whoever leads its calls home.

A saved key goes to the hosts it was typed for; a key of the environment goes where a superuser, or the deployer's ``load_catalog``, says.
Addresses that come from the environment are the deployer's word, and are not asked about.
"""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from catalog.models import DataCenter, Endpoint, Provider
from clod_site.lib import destinations


class Pair(NamedTuple):
    """The key is a ``variable``, or ``saved``: its ciphertext, which is another one whenever it is typed."""

    owner: str
    variable: str
    saved: str
    host: str


class Guard:
    """Made before a change, asked after it, in the transaction of both."""

    def __init__(self, *, is_superuser: bool) -> None:
        self.is_superuser = is_superuser
        self.saved = {row.credential_sealed for kind in (Provider, DataCenter) for row in kind.objects.exclude(credential_sealed="")}
        self.pairs = {pair[1:] for pair in _pairs()}

    def complaints(self) -> list[str]:
        """What the change would have sent where it was not sent before, each in a sentence; empty when it may stay."""
        new = (pair for pair in _pairs() if pair[1:] not in self.pairs)
        return list(dict.fromkeys(complaint for pair in new if (complaint := self._complaint(pair))))

    def _complaint(self, pair: Pair) -> str:
        if pair.saved in self.saved:
            return (
                f"The saved API key of {pair.owner} was typed for another host than {pair.host}: type it again together with the address,"
                " or forget it first."
            )
        if pair.variable and not self.is_superuser:
            return f"{pair.variable} was not sent to {pair.host} before; only a superuser may decide that it is."
        return ""


def _pairs() -> Iterator[Pair]:
    for provider in Provider.objects.exclude(base_url=""):
        yield from _keys(provider, provider.base_url)
    for endpoint in Endpoint.objects.exclude(base_url="").select_related("provider", "data_center"):
        yield from _keys(endpoint.provider, endpoint.base_url)
        if endpoint.data_center:
            yield from _keys(endpoint.data_center, endpoint.base_url)


def _keys(owner: Provider | DataCenter, url: str) -> Iterator[Pair]:
    name = f"{owner._meta.verbose_name} {owner.slug}"
    if owner.credential_sealed:
        yield Pair(name, "", owner.credential_sealed, _host_of(url))
    if owner.credential_env:
        yield Pair(name, owner.credential_env, "", _host_of(url))


def _host_of(url: str) -> str:
    """Scheme, host and port: what a connection goes to."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{parts.port or destinations.PORTS.get(parts.scheme, 0)}"
