"""The public price API: ``/v1/prices/now`` and ``/v1/prices``. Anybody may ask, from any page, without a key.

An answer is made once for each question and interval, by a thread of its own, and kept; what was kept goes on being told while
the database is away. Whoever asks too much is told 429.
"""

from collections.abc import Awaitable, Callable

from catalog.price_book import present
from catalog.price_book.present import Moment
from catalog.snapshot import Catalog
from clod_site.lib import clock
from clod_site.lib.refusal import Refusal
from gateway import snapshots
from gateway.calls import Call, Reply, refuse
from gateway.prices import answers, asked, visitors
from gateway.prices.answers import Page
from gateway.prices.kept import Kept

OPEN = [("access-control-allow-origin", "*"), ("access-control-expose-headers", "etag, last-modified, retry-after, x-request-id")]
UNCACHED = [("cache-control", "no-store")]

_moments: Kept[Moment] = Kept()
_pages: Kept[Page] = Kept()


async def now(call: Call) -> Reply:
    """``GET /v1/prices/now?model=&data_center=``: electricity, the reference, and every model's price."""
    return await _openly(call, _now)


async def history(call: Call) -> Reply:
    """``GET /v1/prices?model=&data_center=&from=&to=&step=``: a hosted model's prices over time."""
    return await _openly(call, _history)


def forget() -> None:
    for kept in (_moments, _pages):
        kept.forget()
    visitors.forget()


async def _openly(call: Call, find: Callable[[Call], Awaitable[Page]]) -> Reply:
    """Other sites' pages may read the refusals, too."""
    try:
        visitors.count(call.address)
        reply = answers.reply(await find(call), call.header, clock.now())
    except Refusal as refusal:
        reply = refuse(refusal, call.public_id)
        reply.headers += UNCACHED
    reply.headers += OPEN
    return reply


async def _now(call: Call) -> Page:
    catalog, moment = await _moment()
    ask = asked.now(call.query, call.header("accept"), catalog, moment)
    is_late = moment.is_late(clock.now())
    return await _pages.get(ask, (catalog.version, is_late), lambda: answers.now(ask, catalog, moment, is_late=is_late))


async def _history(call: Call) -> Page:
    catalog, moment = await _moment()
    ask = asked.history(call.query, call.header("accept"), catalog, moment)
    stamp = (catalog.version, moment.as_of)
    if not _pages.has(ask, stamp):
        visitors.count(call.address, visitors.cost(ask.span))
    return await _pages.get(ask, stamp, lambda: answers.history(ask, moment))


async def _moment() -> tuple[Catalog, Moment]:
    catalog = await snapshots.catalog()
    return catalog, await _moments.get("moment", catalog.version, lambda: present.moment(catalog))
