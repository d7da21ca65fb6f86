"""Why a secret cannot be taken in production; what it is, is never said. It finds what people type, not what a generator makes."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

LEAST_CHARACTERS = 32
LEAST_DIFFERENT = 8  # one random UUID in ten thousand has fewer than 10 in its 32 digits, hardly any fewer than 8
PLACEHOLDERS = (
    "changeme",
    "change-me",
    "change_me",
    "placeholder",
    "replace-me",
    "replace_me",
    "insecure",
    "your-secret",
    "example",
    "password",
)
KEYBOARD = ("qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx")
WORD = r"(?:[A-Z]?[a-z]+|[A-Z]+)"  # as people write them: a random text has capitals anywhere
WORDS = re.compile(rf"{WORD}(?:[-_. ]{WORD}){{2,}}\d{{0,4}}")
LONG_RUN = 10
HOW = "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"


def complaint(secrets: Mapping[str, Sequence[str]]) -> str:
    """The first thing that is wrong with the values of these variables, in a sentence that names the variable; empty when all is well."""
    for name, values in secrets.items():
        for value in values:
            if weakness := _weakness(value):
                return f"{name} {weakness}. {HOW}"
    owners: dict[str, str] = {}
    for name, values in secrets.items():
        for value in values:
            if owners.setdefault(value, name) != name:
                return f"{name} has the same value as {owners[value]}. Each opens something else, so each needs its own. {HOW}"
    return ""


def _weakness(value: str) -> str:
    if len(value) < LEAST_CHARACTERS:
        return f"is too short. Use at least {LEAST_CHARACTERS} random characters"
    if any(word in value.lower() for word in PLACEHOLDERS):
        return "is a placeholder out of some example"
    if value in (value + value)[1:-1]:
        return "repeats itself"
    if len(set(value)) < LEAST_DIFFERENT:
        return f"has fewer than {LEAST_DIFFERENT} different characters"
    if _has_twice(value):
        return "repeats itself"
    if _is_a_row(value) or any(row in value.lower() for row in KEYBOARD):
        return "is a row of characters that follow each other"
    if WORDS.fullmatch(value):
        return "is made of words"
    return ""


def _has_twice(value: str) -> bool:
    """Ten characters that come again: in 128 random hexadecimal digits they do once in a hundred million."""
    return any(value[start : start + LONG_RUN] in value[start + 1 :] for start in range(len(value) - LONG_RUN))


def _is_a_row(value: str) -> bool:
    """Such as 0123456789abcdefghij…: mostly steps of one."""
    steps = sum(abs(ord(second) - ord(first)) <= 1 for first, second in pairwise(value))
    return steps > len(value) * 0.7
