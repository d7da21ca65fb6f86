"""bin/clod-logs: what CLōD and others seal is opened; what was changed, moved or stripped fails loudly; troubles are told in words."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwe as jose
from joserfc.jwk import ECKey

from clod_site.lib import jwe
from tests.activity import said
from tests.lib import tool
from tests.lib.jose import AGREED, ALICE, BOB, CONTENT, PASSPHRASE, WRAP
from tests.lib.test_jwe import REGISTRY, joserfc_opens, private, public

Row = dict[str, Any]
PLACE = {"v": 1, "project": "proj_1", "request": "req_1"}


@pytest.fixture
def key() -> dict[str, str]:
    return said.private_jwk()


@pytest.fixture
def folder(tmp_path: Path, key: dict[str, str]) -> Path:
    """With key.json, and another.json that nothing is sealed to."""
    (tmp_path / "key.json").write_text(json.dumps(key))
    (tmp_path / "another.json").write_text(json.dumps(said.private_jwk()))
    return tmp_path


def sealed(*keys: dict[str, str], document: Any = said.DOCUMENT, **place: Any) -> Row:
    """A row of an export."""
    bound = PLACE | place
    to = [jwe.recipient(said.public_members(key)) for key in keys]
    row = {"request": bound["request"], "project": bound["project"], "created_at": "2026-11-28T06:00:00.000Z", "model": "m", "sealed": True}
    return row | {"jwe": json.loads(jwe.seal(json.dumps(document).encode(), to, bound))}


# --- opening -------------------------------------------------------------------------------------


def test_rows_come_out_with_what_was_said(folder: Path, key: dict[str, str]) -> None:
    plain = {"request": "req_2", "project": "proj_1", "sealed": False, "body": {"v": 1}}
    row = sealed(key, said.private_jwk())
    done = tool.opened(folder, [row, plain], ["another.json", "key.json"])
    assert done.returncode == 0, done.stderr
    first, second, end = map(json.loads, done.stdout.splitlines())
    assert first == {name: row[name] for name in row if name != "jwe"} | {"body": said.DOCUMENT}
    assert second == plain
    assert (end["object"], end["requests"]) == ("end", 2)


def test_a_recipient_that_was_added_later_opens_it_too(folder: Path, key: dict[str, str]) -> None:
    theirs = said.private_jwk()
    row = sealed(theirs)
    holder = tool.functions()._holder(theirs)
    content_key = tool.functions()._unwrapped(row["jwe"]["recipients"][0], tool.functions()._holder(theirs))
    assert holder.kid == theirs["kid"]
    entry = jwe._wrapped(content_key, jwe.recipient(said.public_members(key)))
    row["jwe"] = json.loads(jwe.with_entry(json.dumps(row["jwe"]), entry, key["kid"]))
    assert tool.opened(folder, [row], ["key.json"], "--expect-kid", key["kid"], "--expect-kid", theirs["kid"]).returncode == 0


def test_what_joserfc_seals_is_opened(folder: Path, key: dict[str, str]) -> None:
    obj = jose.GeneralJSONEncryption({"enc": jwe.ENC, "kids": [key["kid"]]}, json.dumps(said.DOCUMENT).encode(), aad=jwe.canonical(PLACE))
    obj.add_recipient({"alg": jwe.ALG, "kid": key["kid"]}, ECKey.import_key(said.public_members(key)))
    made = jose.encrypt_json(obj, None, registry=REGISTRY)
    done = tool.opened(folder, [sealed(key) | {"jwe": made}], ["key.json"])
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout.splitlines()[0])["body"] == said.DOCUMENT


# --- what was changed, moved, stripped -----------------------------------------------------------


def flipped(text: str) -> str:
    """One bit of the first byte."""
    value = bytearray(jwe.from_b64(text))
    value[0] ^= 1
    return jwe.b64(bytes(value))


def change(*path: Any, by: Callable[[Any], Any] = flipped) -> Callable[[Row], None]:
    def do(row: Row) -> None:
        at = row["jwe"]
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = by(at[path[-1]])

    return do


def shortened(text: str) -> str:
    return jwe.b64(jwe.from_b64(text)[:-8])


def strip(row: Row) -> None:
    del row["jwe"]["recipients"][1]


def protect(**head: Any) -> Callable[[Row], None]:
    return change("protected", by=lambda text: jwe.b64(jwe.canonical(json.loads(jwe.from_b64(text)) | head)))


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (change("ciphertext"), "it has been changed since it was sealed."),
        (change("iv"), "it has been changed since it was sealed."),
        (change("tag"), "it has been changed since it was sealed."),
        (change("tag", by=lambda tag: jwe.b64(jwe.from_b64(tag)[:12])), "it has been changed since it was sealed."),
        (change("ciphertext", by=lambda text: text + "A"), "it has been changed since it was sealed."),
        (change("aad"), "it has been changed since it was sealed."),
        (change("protected"), "it has been changed since it was sealed."),
        (protect(kids=[]), "it has been changed since it was sealed."),
        (protect(zip="DEF"), "encrypted in a way that is not ours"),
        (protect(enc="A128GCM"), "encrypted in a way that is not ours"),
        (change("recipients", 0, "encrypted_key"), "what was wrapped for this key has been changed."),
        (
            change("recipients", 0, "encrypted_key", by=shortened),
            "what was wrapped for this key has been changed.",
        ),
        (change("recipients", 0, "header", "epk", "x"), "what was wrapped for this key has been changed."),
        (change("recipients", 0, "header", "alg", by=lambda _: "ECDH-ES"), "not with ECDH-ES+A256KW."),
        (change("recipients", 0, "header", "alg", by=lambda _: "none"), "not with ECDH-ES+A256KW."),
        (change("recipients", 0, by=lambda each: each | {"apu": "QQ"}), "not written as ours are."),
        (change("recipients", 0, "header", "kid", by=lambda _: "x"), "a recipient was taken out of it"),
        (strip, "a recipient was taken out of it"),
        (lambda row: row.update(request="req_2"), "it belongs to another request, req_1: it was moved here."),
        (lambda row: row.update(project="proj_2"), "it belongs to another project, proj_1: it was moved here."),
        (lambda row: row.update(sealed=False), "this is no row of an export of prompts and answers."),
        (lambda row: row.update(jwe=None), "this is no sealed body."),
        (lambda row: row["jwe"].update(unprotected={}), "this is no sealed body."),
        (lambda row: row["jwe"].update(tag=5), "this is no sealed body."),
    ],
)
def test_a_row_that_was_tampered_with_fails_alone(folder: Path, key: Any, spoil: Callable[[Row], Any], why: str) -> None:
    bad, good = sealed(key, said.private_jwk()), sealed(key, request="req_9")
    spoil(bad)
    done = tool.opened(folder, [bad, good], ["key.json"])
    assert done.returncode == 1
    [row] = map(json.loads, done.stdout.splitlines())
    assert (row["request"], row["body"]) == ("req_9", said.DOCUMENT)
    first, last = done.stderr.splitlines()
    assert first.startswith(f"clod-logs: {bad['request']}: ")
    assert why in first
    assert last == "clod-logs: 1 of 2 rows failed, and are not in the output."


def test_swapped_rows_fail_both(folder: Path, key: Any) -> None:
    one, other = sealed(key), sealed(key, request="req_2")
    one["jwe"], other["jwe"] = other["jwe"], one["jwe"]
    done = tool.opened(folder, [one, other], ["key.json"])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("it was moved here") == 2


def test_a_wrong_key_opens_nothing(folder: Path, key: Any) -> None:
    done = tool.opened(folder, [sealed(key)], ["another.json"])
    assert (done.returncode, done.stdout) == (1, "")
    assert "req_1: it is not sealed to this key." in done.stderr


def test_a_row_without_an_expected_recipient_fails(folder: Path, key: Any) -> None:
    other = said.private_jwk()["kid"]
    done = tool.opened(folder, [sealed(key), {"request": "req_2", "sealed": False, "body": {}}], ["key.json"], "--expect-kid", other)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"req_1: it is not sealed to the expected recipient {other}." in done.stderr
    assert "req_2: it is not sealed" in done.stderr


@pytest.mark.parametrize("document", [b"no json", b"[" * 100_000])
def test_what_is_no_json_inside_fails_as_a_row(folder: Path, key: Any, document: bytes) -> None:
    row = sealed(key)
    row["jwe"] = json.loads(jwe.seal(document, [jwe.recipient(said.public_members(key))], PLACE))
    assert "req_1: what is in it is no JSON" in tool.opened(folder, [row], ["key.json"]).stderr


# --- the file ------------------------------------------------------------------------------------


def test_an_export_that_was_cut_off_fails(folder: Path, key: Any) -> None:
    done = tool.run(folder, "decrypt", "--key", "key.json", given=tool.export([sealed(key)], end=False))
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 1
    assert "the export was cut off: it has no last line that says end. 1 rows were opened." in done.stderr


def test_an_export_that_lost_a_row_fails(folder: Path, key: Any) -> None:
    lines = tool.export([sealed(key), sealed(key, request="req_2")]).splitlines(keepends=True)
    done = tool.run(folder, "decrypt", "--key", "key.json", given=lines[0] + lines[2])
    assert done.returncode == 1
    assert "says that it has 2 rows, and has 1" in done.stderr


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("{", "line 1 is no JSON"),
        ("[]\n", "line 1 is no row"),
        ("", "cut off"),
        ('{"object": "end", "requests": 0}\n{}\n', "line 2 comes after"),
    ],
)
def test_another_kind_of_file_is_told(folder: Path, given: str, why: str) -> None:
    done = tool.run(folder, "decrypt", "--key", "key.json", given=given)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert why in done.stderr


def test_what_is_in_a_file_does_not_reach_the_terminal_raw(folder: Path, key: Any) -> None:
    row = sealed(key) | {"request": "\x1b[2J"}
    done = tool.opened(folder, [row], ["key.json"])
    assert "clod-logs: line 1: it belongs to another request" in done.stderr
    row = sealed(key)
    row["jwe"]["recipients"][0]["header"]["alg"] = "\x1b[2J"
    assert "\x1b" not in tool.opened(folder, [row], ["key.json"]).stderr


# --- keys ----------------------------------------------------------------------------------------


def test_a_new_key_is_for_its_owner_only_and_never_overwritten(folder: Path) -> None:
    done = tool.run(folder, "keygen", "--key", "new.json", "--no-passphrase")
    made = json.loads((folder / "new.json").read_text())
    assert done.returncode == 0
    assert json.loads(done.stdout) == said.public_members(made)
    assert made["kid"] in done.stderr
    assert jwe.recipient(json.loads(done.stdout)).kid == made["kid"]
    assert (folder / "new.json").stat().st_mode & 0o777 == 0o600
    again = tool.run(folder, "keygen", "--key", "new.json", "--no-passphrase")
    assert again.returncode == 1
    assert "new.json exists already" in again.stderr
    assert json.loads((folder / "new.json").read_text()) == made


def test_a_key_with_a_passphrase_opens_with_it_alone(folder: Path) -> None:
    (folder / "pass").write_text("très secret\n")
    (folder / "wrong").write_text("secret\n")
    kid = json.loads(tool.run(folder, "keygen", "--key", "new.jwe", "--passphrase-file", "pass").stdout)
    assert tool.run(folder, "fingerprint", "--key", "new.jwe", "--passphrase-file", "pass").stdout.strip() == jwe.thumbprint(kid)
    done = tool.run(folder, "fingerprint", "--key", "new.jwe", "--passphrase-file", "wrong")
    assert (done.returncode, done.stderr) == (1, "clod-logs: the passphrase does not open new.jwe.\n")
    assert "no terminal to ask" in tool.run(folder, "fingerprint", "--key", "new.jwe").stderr


def test_its_key_files_are_joserfcs(folder: Path) -> None:
    (folder / "pass").write_text("correct horse battery")
    tool.run(folder, "keygen", "--key", "new.jwe", "--passphrase-file", "pass")
    made = joserfc_opens((folder / "new.jwe").read_text(), "correct horse battery")
    assert jwe.recipient(said.public_members(made)).kid == made["kid"]


def test_a_fingerprint_is_the_thumbprint_of_either_half(folder: Path, key: dict[str, str]) -> None:
    (folder / "public.json").write_text(json.dumps(said.public_members(key)))
    done = tool.run(folder, "fingerprint", "--key", "key.json", "--key", "public.json")
    assert done.stdout.split() == [key["kid"]] * 2


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("[]", "holds no key"),
        ("hello", "holds no key"),
        ("a.b.c.d.e", "holds no key: it is damaged"),
        ('{"kty": "RSA"}', "those are EC keys on P-256"),
        ('{"kty": "EC", "crv": "P-256", "x": "QQ", "y": "QQ"}', "not a point on P-256"),
    ],
)
def test_a_bad_key_file_is_told(folder: Path, file: str, why: str) -> None:
    (folder / "bad.json").write_text(file)
    done = tool.run(folder, "decrypt", "--key", "bad.json")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert why in done.stderr


def test_half_a_key_is_told(folder: Path, key: dict[str, str]) -> None:
    for file, why in (
        (said.public_members(key), "this is the public half of a key"),
        (key | {"d": said.private_jwk()["d"]}, "its parts do not belong together"),
    ):
        (folder / "bad.json").write_text(json.dumps(file))
        assert why in tool.run(folder, "decrypt", "--key", "bad.json").stderr


@pytest.mark.parametrize(("name", "why"), [("none.json", "no such file"), (".", "is a directory"), ("binary", "is not a text file")])
def test_a_key_that_cannot_be_read_is_told(folder: Path, name: str, why: str) -> None:
    (folder / "binary").write_bytes(b"\xff\xfe")
    done = tool.run(folder, "decrypt", "--key", name)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert why in done.stderr


# --- challenges ----------------------------------------------------------------------------------


def test_a_challenge_is_answered_and_a_body_is_not_printed(folder: Path, key: dict[str, str]) -> None:
    def challenge(document: Any, **place: Any) -> str:
        bound = {"v": 1, "purpose": "prove", "project": "proj_1", "kid": key["kid"]} | place
        return jwe.seal(json.dumps(document).encode(), [jwe.recipient(said.public_members(key))], bound).decode()

    assert tool.run(folder, "prove", "--key", "key.json", given=challenge({"nonce": "abc"})).stdout == "abc\n"
    others = (challenge({"nonce": "abc"}, purpose="else"), challenge({"nonce": "abc"}, kid="another"))
    for given in (*others, challenge(said.DOCUMENT), challenge({"nonce": 1}), challenge({"nonce": "abc", "v": 1}), "{}", "x"):
        done = tool.run(folder, "prove", "--key", "key.json", given=given)
        assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (1, "", False)


# --- the surroundings ----------------------------------------------------------------------------


def test_it_stands_alone(folder: Path) -> None:
    (folder / "clod-logs").write_bytes(tool.PROGRAM.read_bytes())
    done = subprocess.run([sys.executable, "-I", "clod-logs", "--help"], cwd=folder, capture_output=True, text=True, check=True)
    assert "decrypt" in done.stdout
    assert os.access(tool.PROGRAM, os.X_OK)


def test_a_reader_that_leaves_is_no_traceback(folder: Path, key: Any) -> None:
    rows = [sealed(key, document={"text": "x" * 100_000}, request=f"req_{number}") for number in range(20)]
    (folder / "export").write_text(tool.export(rows))
    command = f"{sys.executable} {tool.PROGRAM} decrypt --key key.json < export | head -c 10"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "clod-logs: stopped: the program that was reading the output has ended.\n"


def test_an_interruption_is_no_traceback(folder: Path) -> None:
    command = [sys.executable, str(tool.PROGRAM), "decrypt", "--key", "key.json"]
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write('{"request": "req_1", "sealed": false, "body": {"x": "' + "x" * 100_000 + '"}}\n')
        process.stdin.flush()
        process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        assert process.stderr
        assert "interrupted" in process.stderr.read()
        process.stdin.close()
        assert process.wait(20) == 130


# --- vectors -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clod_logs() -> ModuleType:
    return tool.functions()


def test_rfc_7518_appendix_c(clod_logs: ModuleType) -> None:
    curve = ec.SECP256R1()
    shared = private(curve, BOB["d"]).exchange(ec.ECDH(), public(curve, ALICE["x"], ALICE["y"]))
    assert jwe.b64(clod_logs.concat_kdf(shared, AGREED["algorithm"], AGREED["size"], AGREED["apu"], AGREED["apv"])) == AGREED["key"]


def test_rfc_7520_5_3(clod_logs: ModuleType) -> None:
    derived = clod_logs.passphrase_key(PASSPHRASE["passphrase"], jwe.from_b64(PASSPHRASE["salt"]), PASSPHRASE["rounds"])
    assert jwe.b64(clod_logs.aes_key_unwrap(derived, jwe.from_b64(PASSPHRASE["encrypted_key"]))) == PASSPHRASE["content_key"]


def test_rfc_7520_5_2(clod_logs: ModuleType) -> None:
    sealed = jwe.from_b64(CONTENT["ciphertext"]) + jwe.from_b64(CONTENT["tag"])
    plain = clod_logs.AESGCM(jwe.from_b64(CONTENT["key"])).decrypt(jwe.from_b64(CONTENT["iv"]), sealed, CONTENT["protected"].encode())
    assert plain.decode() == CONTENT["plaintext"]


def test_rfc_3394_4_6(clod_logs: ModuleType) -> None:
    assert clod_logs.aes_key_unwrap(bytes.fromhex(WRAP["kek"]), bytes.fromhex(WRAP["wrapped"])) == bytes.fromhex(WRAP["data"])


def test_a_row_that_is_there_twice_fails_the_second_time(folder: Path, key: dict[str, str]) -> None:
    row = sealed(key)
    done = tool.opened(folder, [row, row], ["key.json"])
    assert done.returncode == 1
    assert f"{row['request']}: it is in the export twice." in done.stderr
    assert len(done.stdout.splitlines()) == 1


def test_plain_rows_are_counted(folder: Path, key: dict[str, str]) -> None:
    done = tool.opened(folder, [sealed(key), {"request": "req_2", "sealed": False, "body": {}}], ["key.json"])
    assert done.returncode == 0
    assert "1 of these rows were stored plain, and nothing vouches for what is in them." in done.stderr


def test_a_fingerprint_may_begin_with_a_hyphen(folder: Path, key: dict[str, str]) -> None:
    done = tool.opened(folder, [sealed(key)], ["key.json"], "--expect-kid", "-" + "x" * 42)
    assert done.returncode == 1
    assert "it is not sealed to the expected recipient -xxx" in done.stderr
