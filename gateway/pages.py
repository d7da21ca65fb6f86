"""The gateway's smaller answers: models, the key, settled requests, and whether this process is well."""

from urllib.parse import parse_qs

from activity import queries
from clod_site.lib import ids
from clod_site.lib.refusal import Refusal
from gateway import key_card, listing, rates, readiness, snapshots
from gateway.calls import Call, Reply, json_reply
from gateway.errors import InvalidRequest, Unavailable
from projects.limits import Standing

UNCACHED = [("cache-control", "no-store")]
READY_WITHIN_S = 0.8
NOTHING_TO_CALL = (
    "No endpoint can be called: none has an address, the key it needs and a price. Save a provider's API key in the admin, or set its"
    " variable and restart; prices follow within seconds where a worker runs, or with manage.py backfill_prices."
)


class NoSuchRequest(Refusal):
    status, code = 404, "request_not_found"


async def models(call: Call) -> Reply:
    """``GET /v1/models``."""
    grant = await rates.caller(call)
    return json_reply(200, listing.models(await snapshots.catalog(), grant))


async def model(call: Call, name: str) -> Reply:
    """``GET /v1/models/{id}``."""
    await rates.caller(call)
    return json_reply(200, listing.one(await snapshots.catalog(), name))


async def offers(call: Call) -> Reply:
    """``GET /v1/providers/models``: CLōD's own rows, one for each model at each provider."""
    grant = await rates.caller(call)
    return json_reply(200, await snapshots.read(listing.offers, await snapshots.catalog(), grant))


async def key(call: Call) -> Reply:
    """``GET /v1/key``: what this key may do, has used, and when its limits begin anew."""
    grant = await rates.caller(call)
    standing = call.counted.standing if call.counted else Standing()
    return json_reply(200, await snapshots.read(key_card.of, grant, standing), UNCACHED)


async def requests(call: Call) -> Reply:
    """``GET /v1/requests?limit=&cursor=``: the settled requests of the key's project, newest first."""
    grant = await rates.caller(call)
    query = parse_qs(call.query)
    cursor = query.get("cursor", [""])[0]
    if cursor and ids.parse_public("req", cursor) is None:
        raise InvalidRequest("cursor must be the next_cursor of an earlier page.", param="cursor")
    rows = queries.of(grant.organization_id).filter(project_id=grant.project_id)
    page = await snapshots.read(queries.page, rows, cursor, queries.limit_of(query.get("limit", [""])[0]))
    return json_reply(200, {"object": "list", "data": [queries.as_json(row) for row in page.rows], "next_cursor": page.next_cursor})


async def request(call: Call, public_id: str) -> Reply:
    """``GET /v1/requests/{id}``: one settled request of the key's project, with its attempts and the routing decision."""
    grant = await rates.caller(call)
    row = await snapshots.read(queries.find, grant.organization_id, public_id)
    if row is None or row.project_id != grant.project_id:
        raise NoSuchRequest(
            "No settled request of this project has this id. It is written when the call has ended; the id is in the x-request-id header."
        )
    return json_reply(200, queries.as_json(row, await snapshots.read(queries.attempts_of, row)))


async def healthz(_: Call) -> Reply:
    """The process answers."""
    return json_reply(200, {"status": "ok"})


async def readyz(_: Call) -> Reply:
    """The database takes writes, and its migrations are applied; 503 says which is missing. Nothing to call is a warning: the dashboard
    and the admin, where a provider's key is typed, are served."""
    if problem := await snapshots.read(readiness.problem, within_s=READY_WITHIN_S):
        raise Unavailable(problem, retry_after_s=5)
    if not any(card.routes for card in (await snapshots.catalog()).models.values()):
        return json_reply(200, {"status": "ready", "warnings": [NOTHING_TO_CALL]})
    return json_reply(200, {"status": "ready"})
