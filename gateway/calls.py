"""What comes in and what goes out, whichever door it uses."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import msgspec

from clod_site.lib import clock, ids
from clod_site.lib.refusal import Refusal
from gateway import stages
from gateway.errors import WrongMethod
from gateway.outbox import Outbox
from projects.grants import Grant

if TYPE_CHECKING:
    from gateway.conversations import Conversation
    from gateway.idempotency import Transcript
    from gateway.rates import Counted
    from gateway.tracing import Trace

Headers = list[tuple[str, str]]


class Owner(Protocol):
    """Whoever settles a call once money is held for it."""

    def client_left(self) -> None: ...

    async def shut_down(self) -> None: ...


class Call:
    """One request to the gateway. A door reports the client's leaving with ``leave``, and its own end with ``shut_down``."""

    def __init__(
        self,
        body: bytes,
        authorization: str,
        query: str = "",
        grant: Grant | None = None,
        idempotency_key: str | None = None,
        address: str = "",
        header: Callable[[str], str] = lambda _: "",
    ) -> None:
        self.id: UUID = ids.uuid7()
        self.public_id = ids.public("req", self.id)
        self.arrived = clock.monotonic()  # all of it, on the clock that never jumps
        self.body = body
        self.authorization = authorization
        self.query = query
        self.grant = grant
        self.idempotency_key = idempotency_key
        self.transcript: Transcript | None = None  # of a call that may be repeated under its key
        self.conversation: Conversation | None = None  # of a chat that may stay at the endpoint that knows it
        self.address = address
        self.header = header  # by its name in small letters; empty where it was not sent
        self.counted: Counted | None = None  # once it counts towards its rates
        self.trace: Trace | None = None  # where somebody wants one
        self.stages = stages.watched()
        self.refusal: Refusal | None = None  # what its door told it, before there was any answer
        self._has_left = self.is_owned = False  # whether somebody settles it, and tells how it ended
        self._owner: Owner | None = None

    def ends(self, stage: str) -> None:
        """For whoever wants to know where its time goes."""
        if self.stages:
            self.stages.ends(stage)

    def owned_by(self, owner: Owner) -> None:
        """From now on ``owner`` is told what happens to the client; at once if it has left already."""
        self._owner, self.is_owned = owner, True
        if self._has_left:
            owner.client_left()

    def settled(self) -> None:
        """Its owner is done with it. Neither keeps the other in memory any more."""
        self._owner = None

    def leave(self) -> None:
        self._has_left = True
        if self._owner:
            self._owner.client_left()

    async def shut_down(self) -> None:
        """Break the call off and settle it; returns when that is done."""
        if self._owner:
            await self._owner.shut_down()


class Reply(msgspec.Struct):
    """An answer: a whole body, or the outbox that the frames of a stream come into."""

    status: int
    headers: Headers
    body: bytes = b""
    stream: Outbox | None = None


def json_reply(status: int, value: object, headers: Headers | None = None) -> Reply:
    return Reply(status, [("content-type", "application/json"), *(headers or [])], msgspec.json.encode(value))


def refuse(refusal: Refusal, request_id: str) -> Reply:
    """The OpenAI error a refusal stands for. Whoever is refused pays nothing; after a defect of ours we do not promise it."""
    headers = [("x-request-id", request_id)]
    if refusal.status != 500:
        headers.append(("x-clod-cost-usd", "0"))
    if refusal.retry_after_s is not None:
        headers.append(("retry-after", str(refusal.retry_after_s)))
    if refusal.status == 401:
        headers.append(("www-authenticate", "Bearer"))
    if isinstance(refusal, WrongMethod):
        headers.append(("allow", refusal.allowed))
    return json_reply(refusal.status, refusal.body(), headers)
