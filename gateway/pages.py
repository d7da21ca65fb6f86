"""The gateway's smaller answers: models, settled requests, and whether this process is well."""

from urllib.parse import parse_qs

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from activity import queries
from clod_site.lib.refusal import Refusal
from gateway import admit, listing, snapshots
from gateway.calls import Call, Reply, json_reply
from gateway.errors import Unavailable


class NoSuchRequest(Refusal):
    status, code = 404, "request_not_found"


async def models(call: Call) -> Reply:
    """``GET /v1/models``."""
    grant = await admit.identify(call)
    return json_reply(200, listing.models(await snapshots.catalog(), grant))


async def model(call: Call, name: str) -> Reply:
    """``GET /v1/models/{id}``."""
    await admit.identify(call)
    return json_reply(200, listing.one(await snapshots.catalog(), name))


async def requests(call: Call) -> Reply:
    """``GET /v1/requests?limit=&cursor=``: the settled requests of the key's project, newest first."""
    grant = await admit.identify(call)
    query = parse_qs(call.query)
    limit = query.get("limit", [""])[0]
    rows = queries.of(grant.organization_id).filter(project_id=grant.project_id)
    page = await snapshots.read(queries.page, rows, query.get("cursor", [""])[0], int(limit) if limit.isdigit() else queries.PAGE)
    return json_reply(200, {"object": "list", "data": [queries.as_json(row) for row in page.rows], "next_cursor": page.next_cursor})


async def request(call: Call, public_id: str) -> Reply:
    """``GET /v1/requests/{id}``: one settled request of the key's project."""
    grant = await admit.identify(call)
    row = await snapshots.read(queries.find, grant.organization_id, public_id)
    if row is None or row.project_id != grant.project_id:
        raise NoSuchRequest(
            "No settled request of this project has this id. It is written when the call has ended; the id is in the x-request-id header."
        )
    return json_reply(200, await snapshots.read(queries.as_json, row))


async def healthz(_: Call) -> Reply:
    """The process answers."""
    return json_reply(200, {"status": "ok"})


async def readyz(_: Call) -> Reply:
    """The database answers, its migrations are applied, and prices are loaded; 503 says which is missing."""
    try:
        problem = await snapshots.read(_problem)
    except Exception as error:
        raise Unavailable("The database does not answer.", retry_after_s=1) from error
    if problem:
        raise Unavailable(problem, retry_after_s=5)
    return json_reply(200, {"status": "ready"})


def _problem() -> str:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return "Migrations are missing. Run manage.py migrate."
    if not any(card.routes for card in snapshots.load_catalog().models.values()):
        return "No endpoint has a price yet. Load the catalog and refresh the prices."
    return ""
