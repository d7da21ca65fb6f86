"""Who is calling: the grant behind a bearer token, or one refusal for every way it can be wrong."""

from hashlib import sha256

from clod_site.lib import clock, log_lines
from gateway import addresses, snapshots, strangers
from gateway.calls import Call
from gateway.errors import AddressNotAllowed
from projects import keys
from projects.grants import Grant
from studio import tokens

_DUMMY_DIGEST = bytes(32)
MOST_PROVED = 10_000

_proved: dict[bytes, tuple[str, Grant]] = {}  # by a token's SHA-256: its public id, and the grant whose secret it has


async def identify(call: Call) -> Grant:
    """The caller's grant; one refusal when there is none, whatever the reason: 401, or 429 for an address that tries many keys."""
    if call.grant is not None:
        return _noted(call.grant)
    grant = await _found(call.authorization)
    if grant is None or (grant.valid_until is not None and grant.valid_until <= clock.now()):
        raise strangers.refused(call.address)
    if not _may_come_from(grant, call.address):
        raise AddressNotAllowed(call.address)
    return _noted(grant)


def _noted(grant: Grant) -> Grant:
    """From now on the log's lines of this call say whose it is."""
    log_lines.note(**grant.names)
    return grant


async def _found(authorization: str) -> Grant | None:
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer":
        return None
    return await (_of_studio(token) if token.startswith(tokens.PREFIX) else _of_key(token))


async def _of_key(token: str) -> Grant | None:
    """A token is proved once for each grant that was read, not once for each call."""
    name = sha256(token.encode(errors="replace")).digest()
    public_id, proved_for = _proved.get(name, ("", None))
    if proved_for is None:
        parts = keys.parse(token)
        return _prove(parts, name, await snapshots.grant_of_key(parts.public_id)) if parts else None
    grant = await snapshots.grant_of_key(public_id)
    return grant if grant is proved_for else _prove(keys.parse(token), name, grant)


def _prove(parts: keys.Parts | None, name: bytes, grant: Grant | None) -> Grant | None:
    if parts is None:
        return None
    if grant is None:
        keys.matches(parts.secret, _DUMMY_DIGEST, keys.current_pepper_id())  # as slow as a wrong secret
        return None
    if not keys.matches(parts.secret, grant.digest, grant.pepper_id):
        return None
    if len(_proved) >= MOST_PROVED:
        _proved.clear()
    _proved[name] = parts.public_id, grant
    return grant


async def _of_studio(token: str) -> Grant | None:
    return await snapshots.grant_of_studio(token) if len(token) == tokens.LENGTH else None


def _may_come_from(grant: Grant, address: str) -> bool:
    if not grant.networks:
        return True
    ip = addresses.parse(address)
    return ip is not None and any(ip in network for network in grant.networks)
