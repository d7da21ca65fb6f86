"""Secrets at rest: keyed digests for what we only compare, encryption for what we must send on.

Peppers and encryption keys come from settings, newest first: the first one writes, all of them read.
"""

import base64
import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


def pepper_id(pepper: str) -> str:
    """A short public name of a pepper, kept beside each digest so that rotation can find its own."""
    return hashlib.sha256(b"clod pepper id" + pepper.encode()).hexdigest()[:8]


def peppered_digest(secret: str, pepper: str) -> bytes:
    """HMAC-SHA-256 of a secret, 32 bytes."""
    digest = _keyed(pepper).copy()
    digest.update(secret.encode())
    return digest.digest()


@lru_cache(maxsize=8)
def _keyed(pepper: str) -> hmac.HMAC:
    """Ready for a secret. ``hmac.digest`` would let other threads run in between, in the middle of every call."""
    return hmac.new(pepper.encode(), digestmod="sha256")


def encrypt(plaintext: str) -> str:
    return _box().encrypt(plaintext.encode()).decode()


def decrypt(ciphertext: str) -> str:
    """The plaintext; ValueError when no configured encryption key opens it."""
    try:
        return _box().decrypt(ciphertext.encode()).decode()
    except InvalidToken as error:
        raise ValueError("no key in CLOD_ENCRYPTION_KEYS opens this value; put the former key back behind the new one") from error


def is_newest(ciphertext: str) -> bool:
    """Whether the key that encrypts now opens it."""
    try:
        Fernet(_fernet_key(settings.CLOD_ENCRYPTION_KEYS[0])).decrypt(ciphertext.encode())
    except InvalidToken:
        return False
    return True


def rotate(ciphertext: str) -> str:
    """The same plaintext, encrypted with the newest key; ValueError when no configured encryption key opens it."""
    return encrypt(decrypt(ciphertext))


def _box() -> MultiFernet:
    return MultiFernet([Fernet(_fernet_key(key)) for key in settings.CLOD_ENCRYPTION_KEYS])


def _fernet_key(secret: str) -> bytes:
    """Any secret text, stretched to the 32 bytes Fernet asks for."""
    return base64.urlsafe_b64encode(hashlib.sha256(b"clod encryption" + secret.encode()).digest())
