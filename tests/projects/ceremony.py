"""The ceremony without a browser: a person who has proved who they are, a key pair, and what opens a challenge."""

import html
import json
import re
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap
from django.test import Client

from accounts.models import User
from clod_site.lib import ids, jwe
from clod_site.lib.jwe import from_b64
from projects.models import Project, Recipient
from tests.accounts.entering import prove
from tests.people import browser
from tests.projects import pages


class Key(NamedTuple):
    private: ec.EllipticCurvePrivateKey
    jwk: dict[str, str]

    @property
    def kid(self) -> str:
        return jwe.thumbprint(self.jwk)

    @property
    def text(self) -> str:
        return json.dumps(self.jwk)

    @property
    def d(self) -> str:
        return jwe.b64(self.private.private_numbers().private_value.to_bytes(32))

    def open(self, sealed: dict[str, Any]) -> dict[str, Any]:
        """What is in a JWE to this key; an exception when it is not to it, or was changed."""
        [to] = [each for each in sealed["recipients"] if each["header"]["kid"] == self.kid]
        epk = to["header"]["epk"]
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\4" + from_b64(epk["x"]) + from_b64(epk["y"]))
        wrapping = jwe.concat_kdf(self.private.exchange(ec.ECDH(), theirs), jwe.ALG, jwe.KEY_BYTES)
        content_key = aes_key_unwrap(wrapping, from_b64(to["encrypted_key"]))
        ciphertext = from_b64(sealed["ciphertext"]) + from_b64(sealed["tag"])
        bound = f"{sealed['protected']}.{sealed['aad']}".encode()
        opened: dict[str, Any] = json.loads(AESGCM(content_key).decrypt(from_b64(sealed["iv"]), ciphertext, bound))
        return opened


def key() -> Key:
    private = ec.generate_private_key(ec.SECP256R1())
    return Key(private, jwe.jwk_of(private.public_key()))


def proved(user: User, project: Project) -> Client:
    """Somebody who has proved a moment ago who they are."""
    visit = browser(user)
    prove(visit, pages.of(project, "encryption/recipients/new"))
    return visit


def of_recipient(recipient: Recipient, deed: str) -> str:
    return pages.of(recipient.project, f"encryption/recipients/{ids.public('rec', recipient.pk)}/{deed}")


def add(visit: Client, project: Project, jwk: str, name: str = "Alice's laptop", **more: str) -> Any:
    return visit.post(pages.of(project, "encryption/recipients/new"), {"name": name, "jwk": jwk, **more})


class Asked(NamedTuple):
    """A challenge as its page holds it."""

    sealed: dict[str, Any]
    note: str


def challenge(visit: Client, recipient: Recipient) -> Asked:
    page = visit.get(of_recipient(recipient, "prove")).content.decode()
    sealed = re.search(r'<script id="challenge" type="application/json">(.*?)</script>', page)
    note = re.search(r'name="note" value="([^"]+)"', page)
    assert sealed, page
    assert note, page
    return Asked(json.loads(json.loads(sealed[1])), html.unescape(note[1]))


def answer(visit: Client, recipient: Recipient, asked: Asked, nonce: str, **more: str) -> Any:
    return visit.post(of_recipient(recipient, "prove"), {"note": asked.note, "answer": nonce, **more})


def recipient_of(project: Project, name: str = "Alice's laptop", **columns: Any) -> tuple[Recipient, Key]:
    """One that waits for its proof, unless the columns say otherwise."""
    pair = key()
    return Recipient.objects.create(project=project, kid=pair.kid, jwk=pair.jwk, name=name, **columns), pair
