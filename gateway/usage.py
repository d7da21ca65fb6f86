"""``GET /v1/usage``: what the requests of a key's project add up to."""

from activity import usage_asked, usage_export
from activity.usage_api import CSV
from clod_site.lib import clock
from gateway import rates, snapshots
from gateway.calls import Call, Reply, json_reply
from gateway.pages import UNCACHED

WITHIN_S = 10.0


async def answer(call: Call) -> Reply:
    """``?from=&to=&by=&group=&format=``."""
    grant = await rates.caller(call)
    asked = usage_asked.read(call.query, clock.now())
    told = await snapshots.read(usage_export.answer, grant.organization_id, asked, grant.project_id, within_s=WITHIN_S)
    if asked.format == "csv":
        return Reply(200, [("content-type", CSV), *UNCACHED], usage_export.csv(told).encode())
    return json_reply(200, told, UNCACHED)
