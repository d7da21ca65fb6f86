"""What a Claude model can do follows from its version, which its name says: claude-3-7-sonnet-latest, claude-sonnet-4-5, claude-opus-5."""

import re

_VERSION = re.compile(r"-(\d{1,2})(?:-(\d{1,2}))?(?![0-9])")
_NEWEST = (99, 0)


def version(model: str) -> tuple[int, int]:
    """Major and minor; a name without any is taken for the newest."""
    found = _VERSION.search(model)
    return (int(found[1]), int(found[2] or 0)) if found else _NEWEST


def follows_schemas(model: str) -> bool:
    """Structured outputs: the answer, or the arguments of a strict tool, follow a JSON schema."""
    return version(model) >= (4, 5)


def thinks(model: str) -> bool:
    return version(model) >= (3, 7)


def thinks_adaptively(model: str) -> bool:
    """It takes an effort and decides for itself; those before it take a budget of tokens."""
    return version(model) >= (4, 6)
