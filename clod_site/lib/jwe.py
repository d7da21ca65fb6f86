"""Sealing to public keys: JWE General JSON (RFC 7516) with ECDH-ES+A256KW on P-256 and A256GCM (RFC 7518). Nothing here can open.

Every body has a content key of its own, wrapped once for each recipient. The protected header names all recipients of the sealing
(``kids``), so that a stripped one is noticed; recipients that are added later are not among them.
"""

import base64
import hashlib
import json
import os
import struct
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

ALG, ENC, CURVE = "ECDH-ES+A256KW", "A256GCM", "P-256"
COORDINATE_BYTES, KEY_BYTES, NONCE_BYTES, TAG_BYTES = 32, 32, 12, 16
WRAPPED_BYTES = KEY_BYTES + 8  # RFC 3394
STEP = 256  # plaintexts are padded to multiples of it, in bytes
_P256 = ec.SECP256R1()
_PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}


class BadKey(ValueError):
    """A JWK that nothing may be sealed to; the text says why, to a person."""


class BadEntry(ValueError):
    """What is no recipient's entry of a JWE of ours; the text says why."""


class Recipient(NamedTuple):
    """``kid`` is the RFC 7638 thumbprint of ``key``."""

    kid: str
    key: ec.EllipticCurvePublicKey


def recipient(jwk: Mapping[str, Any]) -> Recipient:
    """The recipient a public JWK names. Raises BadKey for private keys, other kinds of key, and points that are not on the curve."""
    if held := sorted(_PRIVATE_MEMBERS & jwk.keys()):
        raise BadKey(f"This is a private key: it has {', '.join(held)}. Keep that file to yourself, and give its public half only.")
    if jwk.get("kty") != "EC" or jwk.get("crv") != CURVE:
        raise BadKey(f'The key has to be an EC key on {CURVE}: "kty": "EC", "crv": "{CURVE}".')
    if jwk.get("use", "enc") != "enc" or jwk.get("alg", ALG) != ALG:
        raise BadKey(f'The key says it is not for encrypting: "use" has to be "enc" and "alg" {ALG}, where they are given.')
    point = b"\4" + _coordinate(jwk, "x") + _coordinate(jwk, "y")
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(_P256, point)
    except ValueError as error:
        raise BadKey(f"Its x and y are not a point on {CURVE}. Copy the key again.") from error
    return Recipient(thumbprint(jwk), key)


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """RFC 7638, SHA-256, base64url: 43 characters."""
    return b64(hashlib.sha256(canonical({name: jwk[name] for name in ("crv", "kty", "x", "y")})).digest())


def seal(plaintext: bytes, recipients: Iterable[Recipient], aad: Mapping[str, Any]) -> bytes:
    """The JWE as JSON. ``plaintext`` is JSON, so that spaces may pad it; ``aad`` is authenticated beside it, readable."""
    several = list(recipients)
    assert several, "sealed to nobody"
    content_key, nonce = os.urandom(KEY_BYTES), os.urandom(NONCE_BYTES)
    protected = b64(canonical({"enc": ENC, "kids": [each.kid for each in several]}))
    bound = b64(canonical(aad))
    sealed = AESGCM(content_key).encrypt(nonce, padded(plaintext), f"{protected}.{bound}".encode())
    return canonical(
        {
            "protected": protected,
            "recipients": [_wrapped(content_key, each) for each in several],
            "aad": bound,
            "iv": b64(nonce),
            "ciphertext": b64(sealed[:-TAG_BYTES]),
            "tag": b64(sealed[-TAG_BYTES:]),
        }
    )


def _wrapped(content_key: bytes, to: Recipient) -> dict[str, Any]:
    own = ec.generate_private_key(_P256)
    wrapping = concat_kdf(own.exchange(ec.ECDH(), to.key), ALG, KEY_BYTES)
    header = {"alg": ALG, "kid": to.kid, "epk": jwk_of(own.public_key())}
    return {"header": header, "encrypted_key": b64(aes_key_wrap(wrapping, content_key))}


def with_entry(sealed: str, entry: Mapping[str, Any], kid: str) -> str:
    """The JWE with the content key wrapped for one recipient more, as somebody made it who can open it: nothing else changes.

    Raises BadEntry for an entry that is not written as ours are, or is not of ``kid``. Whether it holds the right key cannot be told
    here: its recipient finds out.
    """
    header = entry.get("header")
    if set(entry) != {"header", "encrypted_key"} or not isinstance(header, dict) or set(header) != {"alg", "kid", "epk"}:
        raise BadEntry('An entry has a "header" of "alg", "kid" and "epk", and an "encrypted_key".')
    if header["alg"] != ALG or header["kid"] != kid:
        raise BadEntry(f"An entry is wrapped with {ALG} for the recipient that was asked for.")
    epk = _point(header["epk"])
    added = {"header": {"alg": ALG, "kid": kid, "epk": epk}, "encrypted_key": _wrapped_key(entry["encrypted_key"])}
    whole = json.loads(sealed)
    return canonical(whole | {"recipients": [*whole["recipients"], added]}).decode()


def _point(epk: Any) -> dict[str, str]:
    try:
        return jwk_of(recipient(epk).key)
    except (BadKey, AttributeError, TypeError, KeyError) as error:
        raise BadEntry(f"The epk of an entry is no public key on {CURVE}.") from error


def _wrapped_key(text: Any) -> str:
    try:
        value = from_b64(text)
    except ValueError as error:
        raise BadEntry("The encrypted_key of an entry has to be base64url.") from error
    if len(value) != WRAPPED_BYTES:
        raise BadEntry(f"The encrypted_key of an entry has to be {WRAPPED_BYTES} bytes; it is {len(value)}.")
    return b64(value)


def concat_kdf(shared: bytes, algorithm: str, size: int, apu: bytes = b"", apv: bytes = b"") -> bytes:
    """The key both sides of an ECDH agree on (RFC 7518, 4.6.2): one round of SHA-256, so at most 32 bytes."""
    assert size <= hashlib.sha256().digest_size
    known = b"".join(struct.pack(">I", len(each)) + each for each in (algorithm.encode(), apu, apv)) + struct.pack(">I", size * 8)
    return hashlib.sha256(struct.pack(">I", 1) + shared + known).digest()[:size]


def jwk_of(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    numbers = key.public_numbers()
    return {"kty": "EC", "crv": CURVE, **{name: b64(getattr(numbers, name).to_bytes(COORDINATE_BYTES)) for name in ("x", "y")}}


def padded(plaintext: bytes) -> bytes:
    return plaintext + b" " * (-len(plaintext) % STEP)


def canonical(value: Mapping[str, Any]) -> bytes:
    """JSON as RFC 8785 writes it, for the values that occur here: sorted names, no spaces."""
    return msgspec.json.encode(value, order="sorted")


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_b64(text: str) -> bytes:
    """ValueError for anything that is not base64url without padding, in the one spelling it has: two spellings would be two thumbprints."""
    value = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_") if isinstance(text, str) else b""
    if b64(value) != text:
        raise ValueError("not base64url")
    return value


def _coordinate(jwk: Mapping[str, Any], name: str) -> bytes:
    try:
        value = from_b64(jwk.get(name, ""))
    except ValueError as error:
        raise BadKey(f"{name} has to be base64url.") from error
    if len(value) != COORDINATE_BYTES:
        raise BadKey(f"{name} has to be {COORDINATE_BYTES} bytes; it is {len(value)}.")
    return value
