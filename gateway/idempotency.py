"""``Idempotency-Key``: the same call sent twice is answered twice and charged once.

Whoever repeats a call brings the very bytes that its answer is encrypted with: the encryption key is derived from the
Idempotency-Key, the operation and the body, and neither is stored. At rest nobody can open a kept answer, in a project with sealed logs
neither. ``billing.ledger.idempotency`` decides what a key stands for, and keeps the answer for a day.
"""

import asyncio
import hashlib
import os
import re
import zlib

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from billing.holds import Answered, Keepsake, Repeatable
from gateway.calls import Call, Headers, Reply
from gateway.errors import InvalidRequest

HEADER = "Idempotency-Key"
MOST_KEPT_BYTES = 8 * 1024 * 1024
SALT_BYTES, KEY_BYTES, NONCE_BYTES = 16, 32, 12
_PRINTABLE = re.compile(r"[!-+\--~]{1,255}")  # no comma: HTTP joins two headers of one name with it


class _Kept(msgspec.Struct):
    headers: Headers
    body: bytes


class Transcript:
    """What a client of a repeatable call is told, as it is told, and the box it is kept in for the repetition."""

    def __init__(self, key: str, operation: str, body: bytes) -> None:
        self._secret = b"\0".join((key.encode(), operation.encode(), body))
        self.known_as = Repeatable(key_digest=_digest(b"key", key.encode()), body_digest=_digest(b"body", self._secret))
        self._parts: list[bytes] = []
        self._bytes = 0

    def add(self, part: bytes) -> None:
        """A part of the answer's body. Beyond 8 MiB nothing is kept: a repetition hears that the answer is gone."""
        self._bytes += len(part)
        if self._bytes <= MOST_KEPT_BYTES:
            self._parts.append(part)
        else:
            self._parts.clear()

    async def keepsake(self, headers: Headers) -> Keepsake | None:
        """The whole answer, encrypted; None when it was too large."""
        if self._bytes > MOST_KEPT_BYTES:
            return None
        return Keepsake(self.known_as.key_digest, await asyncio.to_thread(self._seal, _Kept(headers, b"".join(self._parts))))

    async def unseal(self, answered: Answered) -> tuple[Headers, bytes]:
        """Headers and body of the answer kept for this very call."""
        kept = await asyncio.to_thread(self._open, answered.answer)
        return kept.headers, kept.body

    def _seal(self, kept: _Kept) -> bytes:
        salt = os.urandom(SALT_BYTES)
        cipher, nonce = self._cipher(salt)
        return salt + cipher.encrypt(nonce, zlib.compress(msgspec.msgpack.encode(kept), 1), None)

    def _open(self, sealed: bytes) -> _Kept:
        cipher, nonce = self._cipher(sealed[:SALT_BYTES])
        return msgspec.msgpack.decode(zlib.decompress(cipher.decrypt(nonce, sealed[SALT_BYTES:], None)), type=_Kept)

    def _cipher(self, salt: bytes) -> tuple[AESGCM, bytes]:
        """A key and nonce for this salt alone."""
        derived = HKDF(SHA256(), KEY_BYTES + NONCE_BYTES, salt, b"clod idempotent answer").derive(self._secret)
        return AESGCM(derived[:KEY_BYTES]), derived[KEY_BYTES:]


def transcript(call: Call, operation: str) -> Transcript | None:
    """None for a call without an Idempotency-Key. Raises InvalidRequest for a key that cannot be one."""
    key = call.idempotency_key
    if key is None:
        return None
    if not _PRINTABLE.fullmatch(key):
        raise InvalidRequest(
            f"{HEADER} must be sent once and have 1 to 255 printable ASCII characters without spaces and commas, such as a UUID.",
            param=HEADER,
        )
    return Transcript(key, operation, call.body)


async def repeat(call: Call, answered: Answered) -> Reply:
    """The answer the ledger kept for this call, once more; a stream comes as one piece."""
    assert call.transcript, "only a call with an Idempotency-Key is answered from what was kept"
    headers, body = await call.transcript.unseal(answered)
    return Reply(200, [*headers, ("idempotent-replayed", "true")], body)


def _digest(purpose: bytes, secret: bytes) -> str:
    return hashlib.sha256(b"clod idempotency " + purpose + b"\0" + secret).hexdigest()
