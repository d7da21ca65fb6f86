"""What people type where a secret belongs is refused; what generators make is not."""

import base64
import secrets
import uuid

import pytest

from clod_site import secret_strength

GOOD = secrets.token_urlsafe(48)
WEAK = {
    "changeme-changeme-changeme-changeme": "placeholder",
    "django-insecure-k3j4h5g6f7d8s9a0q1w2e3r4t5y6": "placeholder",
    "please-replace-me-with-something-long-1234": "placeholder",
    "MyVerySafePassword1234567890qwertzui": "placeholder",
    "a" * 64: "repeats itself",
    "0123456789abcdef" * 3: "repeats itself",
    "abcabcab" * 8: "repeats itself",
    "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccc": "fewer than 8",
    "0123456789abcdefghijklmnopqrstuvwxyz": "follow each other",
    "hunter2-hunter3": "too short",
    "correct-horse-battery-staple-correct-horse": "repeats itself",
    "many-plain-words-in-a-row-are-no-secret-at-all": "is made of words",
    "These_Are_Words_In_CAPITALS_And_A_Year2026": "is made of words",
    "qwertyuiopasdfghjklzxcvbnmqwertyuiop1": "repeats itself",
    "Qwertzuiopasdfghjklyxcvbnm1234567890!": "follow each other",
}


@pytest.mark.parametrize(("value", "why"), WEAK.items())
def test_weak_ones_are_refused_by_name_and_never_shown(value: str, why: str) -> None:
    said = secret_strength.complaint({"CLOD_SECRET_KEY": [GOOD, value]})
    assert said.startswith("CLOD_SECRET_KEY ")
    assert why in said
    assert value not in said


@pytest.mark.parametrize("bits", [32, 48, 64])
def test_generated_ones_are_taken(bits: int) -> None:
    for _ in range(200):
        made = [
            secrets.token_urlsafe(bits),
            secrets.token_hex(bits),
            base64.b64encode(secrets.token_bytes(bits)).decode(),
            uuid.uuid4().hex,
        ]
        assert secret_strength.complaint({"A": made}) == ""


def test_letters_and_lines_alone_can_be_random() -> None:
    """One in five thousand of 32 random bytes has no digit in it."""
    assert secret_strength.complaint({"A": ["hQvWzKdTbXoP-LmRyUeFgJ_nBcAsDkHwVtZxYqIrGpN"]}) == ""


def test_one_value_for_two_secrets_is_refused() -> None:
    said = secret_strength.complaint({"CLOD_SECRET_KEY": [GOOD], "CLOD_KEY_PEPPERS": [secrets.token_urlsafe(48), GOOD]})
    assert said.startswith("CLOD_KEY_PEPPERS has the same value as CLOD_SECRET_KEY")
    assert GOOD not in said
