"""What a model is called for, and the address of each: below /v1 here, and below a provider's address there."""

from collections.abc import Collection

PATHS = {"chat": "chat/completions", "completions": "completions", "embeddings": "embeddings"}
CHAT, COMPLETIONS, EMBEDDINGS = OPERATIONS = tuple(PATHS)
_KINDS = {CHAT: "a chat model", COMPLETIONS: "a completion model", EMBEDDINGS: "an embedding model"}


def usual() -> list[str]:
    """Of a model nothing else is said about."""
    return [CHAT]


def writes(offered: Collection[str]) -> bool:
    """Whether anything it offers has an output limit and an output price."""
    return not set(offered) <= {EMBEDDINGS}


def elsewhere(offered: Collection[str]) -> str:
    """Where a model is called that does not offer what was asked of it, as a sentence without its subject."""
    kind = next(kind for operation, kind in _KINDS.items() if operation in offered)
    return f"is {kind}; call it at {' or '.join(f'/v1/{path}' for operation, path in PATHS.items() if operation in offered)}"
