"""A project that keeps what is said, and the other half of its key."""

import json
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec

from activity.bodies import keeper
from activity.models import Body
from clod_site.lib import clock, jwe
from gateway import snapshots
from projects.models import BodyLogging, Project, Recipient


class Holder(NamedTuple):
    kid: str
    key: ec.EllipticCurvePrivateKey


def holder_of(project: Project, name: str = "Alice's key") -> Holder:
    """A recipient that has proved itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = jwe.jwk_of(key.public_key())
    Recipient.objects.create(project=project, kid=jwe.thumbprint(jwk), jwk=jwk, name=name, proven_at=clock.now())
    return Holder(jwe.thumbprint(jwk), key)


def keep(project: Project, mode: str = BodyLogging.PLAIN, days: int = 30) -> None:
    Project.objects.filter(pk=project.pk).update(body_logging=mode, body_days=days)
    snapshots.forget()


def stored() -> list[Body]:
    assert keeper.flush(10)
    return list(Body.objects.order_by("id"))


def document(body: Body) -> dict[str, Any]:
    assert not body.is_sealed
    found: dict[str, Any] = json.loads(body.content)
    return found
