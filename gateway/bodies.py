"""What was said in a call, for projects that keep it: heard while the call runs, sealed in this process once it is settled.

Nothing is written before that: a process that dies has kept nothing of its open calls. Only ``activity.bodies.keeper`` gets what comes
out, and in a project with sealed logs that is ciphertext. A policy is that of the grant the call was admitted with.
"""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Any

import msgspec

from activity.bodies import keeper
from activity.models import Body
from clod_site.lib import ids, jwe
from clod_site.lib.refusal import Refusal
from gateway.calls import Call
from gateway.wire import gather
from projects.grants import Grant
from projects.models import BodyLogging

log = logging.getLogger("gateway")

VERSION = 1
MOST_BYTES = 8 * 1024 * 1024
OVERHEAD_BYTES = 200  # of a piece of a stream in memory, beside its text


class LeftOut(msgspec.Struct):
    """In place of a part that is too large to keep."""

    left_out: str
    bytes: int


class Document(msgspec.Struct):
    """What was said, as docs/encryption.md tells. Both bodies are JSON already."""

    v: int
    request: msgspec.Raw | LeftOut
    response: Any
    error: dict[str, Any] | None


class Listener:
    """Hears one call."""

    def __init__(self, call: Call, grant: Grant) -> None:
        self._call, self._grant = call, grant
        self._pieces: list[Any] = []
        self._bytes = len(call.body)

    def hear(self, choices: list[Any]) -> None:
        """Choices of one chunk, as the client gets them. Beyond the bound they are counted, and no longer kept."""
        self._bytes += sum(choice.written() + OVERHEAD_BYTES for choice in choices)
        if self._bytes <= MOST_BYTES:
            self._pieces.extend(choices)
        else:
            self._pieces.clear()

    async def keep(self, created_at: datetime, answer: bytes | None, head: dict[str, Any], error: Refusal | None) -> None:
        """Seal and hand over. ``answer`` is a whole body; ``head`` is what the body of a stream has beside its choices."""
        try:
            await asyncio.to_thread(self._keep, created_at, answer, head, error)
        except Exception as trouble:  # its text could quote what was said
            log.error("what was said in %s is not stored: %s", self._call.public_id, type(trouble).__name__)

    def _keep(self, created_at: datetime, answer: bytes | None, head: dict[str, Any], error: Refusal | None) -> None:
        said = msgspec.json.encode(
            Document(VERSION, self._request(), self._response(answer, head), error.body()["error"] if error else None)
        )
        policy = self._grant.bodies
        is_sealed = policy.mode == BodyLogging.SEALED
        keeper.keep(
            Body(
                id=self._call.id,
                organization_id=self._grant.organization_id,
                project_id=self._grant.project_id,
                created_at=created_at,
                delete_at=created_at + timedelta(days=policy.days),
                is_sealed=is_sealed,
                kids="".join(f" {each.kid} " for each in policy.recipients),
                content=(jwe.seal(said, policy.recipients, self._bound()) if is_sealed else said).decode(),
            )
        )

    def _request(self) -> msgspec.Raw | LeftOut:
        size = len(self._call.body)
        return msgspec.Raw(self._call.body) if size <= MOST_BYTES else LeftOut("larger than 8 MiB", size)

    def _response(self, answer: bytes | None, head: dict[str, Any]) -> Any:
        size = self._bytes + len(answer or b"")
        if size > MOST_BYTES:
            return LeftOut("with its request larger than 8 MiB", size - len(self._call.body))
        if answer is not None:
            return msgspec.Raw(answer)
        if not self._pieces:
            return None
        return head | {"choices": gather.choices(msgspec.to_builtins(piece) for piece in self._pieces)}

    def _bound(self) -> dict[str, Any]:
        return {"v": VERSION, "project": ids.public("proj", self._grant.project_id), "request": self._call.public_id}


def listener(call: Call, grant: Grant) -> Listener | None:
    """None where nothing is to be stored."""
    return Listener(call, grant) if grant.bodies.stores() else None
