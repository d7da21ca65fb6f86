"""Sealing: the RFCs' own vectors, another implementation of JOSE opens it, and nothing is sealed to what is no key."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwe as jose
from joserfc._rfc7518.jwe_algs import PBES2HSAlgKeyEncryption
from joserfc.jwk import ECKey, OctKey
from joserfc.registry import HeaderParameter

from clod_site.lib import jwe
from tests.activity import said
from tests.lib.jose import AGREED, ALICE, BOB, MERRY

AAD = {"v": 1, "project": "proj_1", "request": "req_1"}
REGISTRY = jose.JWERegistry(
    header_registry={"kids": HeaderParameter("recipients of the sealing", "list[str]")},
    algorithms=[jwe.ALG, jwe.ENC],
    strict_check_header=True,
)


def private(curve: ec.EllipticCurve, d: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(jwe.from_b64(d)), curve)


def public(curve: ec.EllipticCurve, x: str, y: str) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicNumbers(int.from_bytes(jwe.from_b64(x)), int.from_bytes(jwe.from_b64(y)), curve).public_key()


def joserfc_opens(key_file: str, passphrase: str) -> dict[str, str]:
    """A key file with a passphrase. joserfc would take at most 300,000 rounds of a stranger; ours have twice as many."""
    registry = jose.JWERegistry(algorithms=["PBES2-HS512+A256KW", "A256GCM"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PBES2HSAlgKeyEncryption.more_header_registry, "p2c", HeaderParameter("PBES2 Count", "int", True))
        found = jose.decrypt_compact(key_file.strip(), OctKey.import_key(passphrase), registry=registry)
    jwk: dict[str, str] = json.loads(found.plaintext or b"")
    return jwk


def test_rfc_7518_appendix_c() -> None:
    curve = ec.SECP256R1()
    for mine, theirs in ((ALICE, BOB), (BOB, ALICE)):
        shared = private(curve, mine["d"]).exchange(ec.ECDH(), public(curve, theirs["x"], theirs["y"]))
        assert jwe.b64(jwe.concat_kdf(shared, AGREED["algorithm"], AGREED["size"], AGREED["apu"], AGREED["apv"])) == AGREED["key"]


def test_rfc_7520_5_4_as_far_as_its_curve_goes() -> None:
    curve = ec.SECP384R1()
    shared = private(curve, MERRY["d"]).exchange(ec.ECDH(), public(curve, MERRY["epk_x"], MERRY["epk_y"]))
    wrapping = jwe.concat_kdf(shared, MERRY["algorithm"], 16)
    wrapped = jwe.aes_key_wrap(wrapping, jwe.from_b64(MERRY["content_key"]))
    assert jwe.b64(wrapped) == MERRY["encrypted_key"]


def test_joserfc_opens_what_is_sealed_with_any_of_the_keys() -> None:
    keys = [said.private_jwk() for _ in range(3)]
    sealed = json.loads(jwe.seal(b'{"v": 1}', [jwe.recipient(said.public_members(key)) for key in keys], AAD))
    for key in keys:
        one = sealed | {"recipients": [each for each in sealed["recipients"] if each["header"]["kid"] == key["kid"]]}
        found = jose.decrypt_json(one, ECKey.import_key(key), registry=REGISTRY)
        assert json.loads(found.plaintext or b"") == {"v": 1}
        assert json.loads(found.aad or b"") == AAD


def test_thumbprints_are_joserfcs() -> None:
    key = said.private_jwk()
    assert key["kid"] == ECKey.import_key(key).thumbprint()


def test_lengths_are_told_in_steps_only() -> None:
    to = [jwe.recipient(said.public_members(said.private_jwk()))]
    sizes = {len(jwe.from_b64(json.loads(jwe.seal(b"x" * size, to, AAD))["ciphertext"])) for size in (1, 100, 256)}
    assert sizes == {256}


def test_no_two_sealings_have_a_key_or_a_nonce_in_common() -> None:
    to = [jwe.recipient(said.public_members(said.private_jwk()))]
    several: list[dict[str, Any]] = [json.loads(jwe.seal(b"{}", to, AAD)) for _ in range(20)]
    for of in (lambda each: each["iv"], lambda each: each["ciphertext"], lambda each: each["recipients"][0]["header"]["epk"]["x"]):
        assert len({of(each) for each in several}) == 20


@pytest.mark.parametrize("text", ["QQ==", "a", "a b", "ä", None, "QQ\n", "+/", "QR"])
def test_only_base64url_is_read(text: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        jwe.from_b64(text)
