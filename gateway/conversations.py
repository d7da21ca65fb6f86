"""Which endpoint answered a conversation's turn before: there its prompt is still in the server's prefix cache.

Clients send the whole conversation with every turn. What stands before the last answer in it is, byte for byte, what the turn
before had sent; so a turn is remembered by a digest of its messages, and the next one finds it without naming anything. Kept
for half an hour, in this process and, where there is Redis, for all of them. The digest is keyed: it says nothing about what
was said, and projects cannot meet.
"""

import hashlib
from collections import OrderedDict

import msgspec
from msgspec import Raw

from catalog import names
from catalog.operations import CHAT
from catalog.snapshot import Catalog
from clod_site.lib import clock
from clod_site.lib.at_hand import settings
from gateway import shared_conversations
from gateway.wire.request import Ask
from projects.grants import Grant

KEPT_S = 1800
MOST_KEPT = 50_000
_messages = msgspec.json.Decoder(list[Raw])


class _Spoken(msgspec.Struct):
    role: str = ""


_spoken = msgspec.json.Decoder(_Spoken)


class Conversation(msgspec.Struct, frozen=True):
    """A turn's digest, and that of the turn before; None for a first turn."""

    turn: bytes
    before: bytes | None


def of(grant: Grant, ask: Ask, catalog: Catalog) -> Conversation | None:
    """None where it makes no difference: the caller has a strategy of their own, or electricity has no say."""
    wanted = ask.wanted[0]
    if ask.operation != CHAT or wanted.tags or ask.preferences.sort or not wanted.name:
        return None
    card = catalog.models.get(catalog.names.get(names.key(wanted.name), ""))
    if card is None or not card.going_to or len(card.routes) < 2:
        return None
    return _digest(grant, card.slug, _messages.decode(ask.fields["messages"]))


async def endpoint_of(conversation: Conversation | None) -> int | None:
    """Who answered the turn before this one."""
    if conversation is None or conversation.before is None:
        return None
    known = _local.find(conversation.before)
    if known is None and settings.REDIS_URL:
        return await shared_conversations.find(conversation.before)
    return known


def answered(conversation: Conversation | None, endpoint_id: int) -> None:
    """Remember a turn once it is answered. Returns at once."""
    if conversation:
        _local.keep(conversation.turn, endpoint_id)
        if settings.REDIS_URL:
            shared_conversations.keep(conversation.turn, endpoint_id, KEPT_S)


def forget() -> None:
    _local.clear()


def _digest(grant: Grant, model: str, messages: list[Raw]) -> Conversation:
    """Each message with its length, so that no other division of the same bytes has the same digest."""
    last_answer = _last_answer(messages)
    digest, before = hashlib.blake2b(key=_key(), person=b"clod conversatio", digest_size=16), None
    digest.update(f"{grant.project_id} {model}".encode())
    for index, message in enumerate(messages):
        if index == last_answer:
            before = digest.digest()
        said = memoryview(message)
        digest.update(len(said).to_bytes(8, "big"))
        digest.update(said)
    return Conversation(digest.digest(), before)


def _last_answer(messages: list[Raw]) -> int | None:
    """Its index; nothing stands before one that is the first message."""
    return next((index for index in range(len(messages) - 1, 0, -1) if _spoken.decode(messages[index]).role == "assistant"), None)


def _key() -> bytes:
    return hashlib.sha256(b"clod conversations" + settings.SECRET_KEY.encode()).digest()


class _Local:
    """The newest turns of this process; touched by its event loop only."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, tuple[float, int]] = OrderedDict()

    def keep(self, turn: bytes, endpoint_id: int) -> None:
        self._kept[turn] = (clock.monotonic() + KEPT_S, endpoint_id)
        self._kept.move_to_end(turn)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    def find(self, turn: bytes) -> int | None:
        until, endpoint_id = self._kept.get(turn, (0.0, 0))
        return endpoint_id if until > clock.monotonic() else None

    def clear(self) -> None:
        self._kept.clear()


_local = _Local()
