"""Who is calling: the grant behind a bearer token, or one refusal for every way it can be wrong."""

from billing.refusals import InvalidApiKey
from clod_site.lib import clock
from gateway import snapshots
from gateway.calls import Call
from projects import keys
from projects.grants import Grant
from studio import tokens

_DUMMY_DIGEST = bytes(32)


async def identify(call: Call) -> Grant:
    """The caller's grant; InvalidApiKey when there is none, whatever the reason."""
    if call.grant is not None:
        return call.grant
    scheme, _, token = call.authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer":
        raise InvalidApiKey
    grant = await (_of_studio(token) if token.startswith(tokens.PREFIX) else _of_key(token))
    if grant is None or (grant.valid_until is not None and grant.valid_until <= clock.now()):
        raise InvalidApiKey
    return grant


async def _of_key(token: str) -> Grant | None:
    parts = keys.parse(token)
    if parts is None:
        return None
    grant = await snapshots.grant_of_key(parts.public_id)
    if grant is None:
        keys.matches(parts.secret, _DUMMY_DIGEST, keys.current_pepper_id())  # as slow as a wrong secret
        return None
    return grant if keys.matches(parts.secret, grant.digest, grant.pepper_id) else None


async def _of_studio(token: str) -> Grant | None:
    return await snapshots.grant_of_studio(token) if len(token) == tokens.LENGTH else None
