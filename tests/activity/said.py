"""Bodies as the gateway would have stored them, and the keys they are sealed to."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from activity.models import Body, Request
from clod_site.lib import clock, ids, jwe
from projects.models import Project, Recipient

ASKED = {"model": "llama", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Capital of France?"}]}
ANSWERED = {
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Paris."}, "finish_reason": "stop"}],
}
DOCUMENT = {"v": 1, "request": ASKED, "response": ANSWERED, "error": None}


def public_members(jwk: Mapping[str, Any]) -> dict[str, str]:
    """The public half of a private JWK."""
    return {name: jwk[name] for name in ("kty", "crv", "x", "y")}


def private_jwk() -> dict[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    d = jwe.b64(key.private_numbers().private_value.to_bytes(32))
    public = jwe.jwk_of(key.public_key())
    return public | {"d": d, "kid": jwe.thumbprint(public)}


def recipient(project: Project, jwk: dict[str, str], name: str = "Alice's laptop", **fields: Any) -> Recipient:
    """One that has proved itself."""
    fields = {"proven_at": clock.now(), **fields}
    return Recipient.objects.create(project=project, kid=jwk["kid"], jwk=public_members(jwk), name=name, **fields)


def bound_to(row: Any) -> dict[str, Any]:
    return {"project": ids.public("proj", row.project_id), "request": ids.public("req", row.pk), "v": 1}


def seal(row: Any, jwks: Sequence[dict[str, str]], document: Any = DOCUMENT) -> str:
    recipients = [jwe.recipient(public_members(jwk)) for jwk in jwks]
    return jwe.seal(json.dumps(document).encode(), recipients, bound_to(row)).decode()


def keep(row: Request, *jwks: dict[str, str], document: Any = DOCUMENT, **fields: Any) -> Body:
    """The row's body, sealed to these keys; without any it is plain."""
    content = seal(row, jwks, document) if jwks else json.dumps(document)
    return Body.objects.create(
        **{
            "id": row.pk,
            "organization_id": row.organization_id,
            "project_id": row.project_id,
            "created_at": row.created_at,
            "delete_at": clock.now() + timedelta(days=30),
            "is_sealed": bool(jwks),
            "kids": "".join(f" {jwk['kid']} " for jwk in jwks),
            "content": content,
        }
        | fields
    )
