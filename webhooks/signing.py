"""Signatures as Standard Webhooks has them: ``v1,`` and HMAC-SHA-256 of ``id.timestamp.body``, in base64. Pure.

A secret is written ``whsec_`` and base64 of its bytes. While it is rotated there is a signature by each, with a space between.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

PREFIX = "whsec_"
SECRET_BYTES = 24


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature(secret: str, message_id: str, timestamp_s: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(secrets_: Iterable[str], message_id: str, instant: datetime, body: bytes) -> dict[str, str]:
    timestamp_s = int(instant.timestamp())
    signatures = " ".join(signature(secret, message_id, timestamp_s, body) for secret in secrets_)
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp_s), "webhook-signature": signatures}
