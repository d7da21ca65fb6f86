"""Why a body is not JSON, for whoever has to find the place."""

import re

import msgspec

ESCAPES = re.compile(rb"\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(\\u[dD][89a-fA-F][\da-fA-F]{2})|\\.", re.DOTALL)


def why(body: bytes, error: msgspec.DecodeError) -> str:
    """The rest of a sentence."""
    if half := _half_a_pair(body):
        return f"{half} is half of a surrogate pair, and no character. Write both halves, or the character itself in UTF-8"
    return "it ends too early" if "truncated" in str(error) else str(error).removeprefix("JSON is malformed: ")


def _half_a_pair(body: bytes) -> str:
    """The first escape of a surrogate without its other half."""
    return next((escape[1].decode() for escape in ESCAPES.finditer(body) if escape[1]), "")
