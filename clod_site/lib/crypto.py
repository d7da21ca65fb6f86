"""Secrets at rest: keyed digests for what we only compare, encryption for what we must send on.

Peppers and encryption keys come from settings, newest first: the first one writes, all of them read.
"""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


def pepper_id(pepper: str) -> str:
    """A short public name of a pepper, kept beside each digest so that rotation can find its own."""
    return hashlib.sha256(b"clod pepper id" + pepper.encode()).hexdigest()[:8]


def peppered_digest(secret: str, pepper: str) -> bytes:
    """HMAC-SHA-256 of a secret, 32 bytes."""
    return hmac.new(pepper.encode(), secret.encode(), hashlib.sha256).digest()


def encrypt(plaintext: str) -> str:
    return _box().encrypt(plaintext.encode()).decode()


def decrypt(ciphertext: str) -> str:
    """The plaintext; ValueError when no configured encryption key opens it."""
    try:
        return _box().decrypt(ciphertext.encode()).decode()
    except InvalidToken as error:
        raise ValueError("no key in CLOD_ENCRYPTION_KEYS opens this value; put the former key back behind the new one") from error


def _box() -> MultiFernet:
    return MultiFernet([Fernet(_fernet_key(key)) for key in settings.CLOD_ENCRYPTION_KEYS])


def _fernet_key(secret: str) -> bytes:
    """Any secret text, stretched to the 32 bytes Fernet asks for."""
    return base64.urlsafe_b64encode(hashlib.sha256(b"clod encryption" + secret.encode()).digest())
