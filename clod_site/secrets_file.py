"""The secrets of an embedded installation: made once, kept in ``var/secrets.json``, readable by its owner only."""

import json
import os
import secrets
from pathlib import Path

from clod_site.lib import env

NAMES = ("CLOD_SECRET_KEY", "CLOD_KEY_PEPPERS", "CLOD_ENCRYPTION_KEYS")


def load_or_create(path: Path) -> dict[str, str]:
    """The secrets by variable name. Two processes starting at once agree: the file is linked into place, never overwritten."""
    if not path.exists():
        _create(path)
    secrets_by_name: dict[str, str] = json.loads(path.read_text())
    return secrets_by_name


def _create(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise env.BadEnvironment(f"CLOD_VAR ({path.parent}) cannot be made a folder ({error.strerror}).") from None
    draft = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({name: secrets.token_urlsafe(48) for name in NAMES}, file)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
