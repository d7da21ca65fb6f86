"""Where an endpoint is reached and with which key. Reads rows, the environment and ciphertext; never the network."""

import logging

from catalog import variables
from catalog.models import DataCenter, Endpoint, Provider
from catalog.providers import ADAPTERS
from clod_site.lib import crypto, env

log = logging.getLogger(__name__)


def of(owner: Provider | DataCenter) -> str | None:
    """The API key of a provider or a data center: its environment variable first, else the one sealed in the database, else None."""
    return _from_environment(owner) or _unsealed(owner)


def for_calls_to(endpoint: Endpoint) -> str:
    """The key its servers are called with: its data center's where that has one, else its provider's; empty for none."""
    of_site = of(endpoint.data_center) if endpoint.data_center else None
    return of_site or of(endpoint.provider) or ""


def is_from_environment(owner: Provider | DataCenter) -> bool:
    """Whether the key in use is the environment's: it wins over a saved one."""
    return bool(_from_environment(owner))


def address_of(endpoint: Endpoint) -> str:
    """The base address of the endpoint's API without a trailing slash, ``""`` when nobody has given one.

    A data center has no address but its own: the provider's is for endpoints that are not at a data center.
    """
    fallback = "" if endpoint.data_center_id else endpoint.provider.base_url
    return (_address_from_environment(endpoint) or endpoint.base_url or fallback).rstrip("/")


def is_address_from_environment(endpoint: Endpoint) -> bool:
    """Whoever deploys the site has said it, and nobody who uses its admin."""
    return bool(_address_from_environment(endpoint))


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


def _address_from_environment(endpoint: Endpoint) -> str:
    return env.text(endpoint.base_url_env) if variables.may_hold_address(endpoint.base_url_env) else ""


def _from_environment(owner: Provider | DataCenter) -> str:
    return env.text(owner.credential_env) if variables.may_hold_key(owner.credential_env) else ""


def _unsealed(owner: Provider | DataCenter) -> str | None:
    """One unreadable key makes its provider unavailable; it must not take the rest of the catalog with it."""
    if not owner.credential_sealed:
        return None
    try:
        return crypto.decrypt(owner.credential_sealed)
    except ValueError as error:
        log.error("The API key of %s %s cannot be read: %s.", owner._meta.verbose_name, owner.slug, error)
        return None
