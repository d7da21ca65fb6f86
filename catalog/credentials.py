"""Where an endpoint is reached and with which key. Reads rows, the environment and ciphertext; never the network."""

import logging

from catalog.models import Endpoint, Provider
from catalog.providers import ADAPTERS
from clod_site.lib import crypto, env

log = logging.getLogger(__name__)


def of(provider: Provider) -> str | None:
    """The provider's API key: its environment variable first, else the one sealed in the database, else None."""
    return _from_environment(provider) or _unsealed(provider)


def is_from_environment(provider: Provider) -> bool:
    """Whether the key in use is the environment's: it wins over a saved one."""
    return bool(_from_environment(provider))


def address_of(endpoint: Endpoint) -> str:
    """The base address of the endpoint's API without a trailing slash, ``""`` when nobody has given one.

    A data center has no address but its own: the provider's is for endpoints that are not at a data center.
    """
    from_environment = env.text(endpoint.base_url_env) if endpoint.base_url_env else ""
    fallback = "" if endpoint.data_center_id else endpoint.provider.base_url
    return (from_environment or endpoint.base_url or fallback).rstrip("/")


def is_routable(endpoint: Endpoint) -> bool:
    """Whether a request could be sent there: everything is switched on, the address is known, the adapter and, where needed, the key."""
    return _is_switched_on(endpoint) and bool(address_of(endpoint)) and _may_call(endpoint.provider)


def _is_switched_on(endpoint: Endpoint) -> bool:
    data_center = endpoint.data_center
    return endpoint.active and endpoint.model.active and endpoint.provider.active and (data_center is None or data_center.active)


def _may_call(provider: Provider) -> bool:
    if provider.adapter not in ADAPTERS:
        log.error("Provider %s has the adapter '%s', which this version does not know.", provider.slug, provider.adapter)
        return False
    return not provider.needs_credential or of(provider) is not None


def _from_environment(provider: Provider) -> str:
    return env.text(provider.credential_env) if provider.credential_env else ""


def _unsealed(provider: Provider) -> str | None:
    """One unreadable key makes its provider unavailable; it must not take the rest of the catalog with it."""
    if not provider.credential_sealed:
        return None
    try:
        return crypto.decrypt(provider.credential_sealed)
    except ValueError as error:
        log.error("The API key of provider %s cannot be read: %s.", provider.slug, error)
        return None
