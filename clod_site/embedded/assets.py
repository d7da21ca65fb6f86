"""Static files in ``var/static``, collected and gzipped only when a source file has changed."""

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

SKIPPED = ["*.map"]
_COMPRESSED = {".css", ".js", ".svg", ".json", ".txt", ".html"}
_WORTH_COMPRESSING_BYTES = 1024


def collect() -> bool:
    """Bring ``STATIC_ROOT`` up to date; whether there was anything to do. Brotli would take minutes: gzip only."""
    root = Path(settings.STATIC_ROOT)
    stamp, fingerprint = root / ".collected", _fingerprint()
    if stamp.exists() and stamp.read_text() == fingerprint:
        return False
    stamp.unlink(missing_ok=True)
    root.mkdir(parents=True, exist_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0, clear=True, ignore_patterns=SKIPPED)
    _compress(root)
    stamp.write_text(fingerprint)
    return True


def _fingerprint() -> str:
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for file in sorted(_sources()):
        facts = file.stat()
        digest.update(f"{file}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for finder in get_finders():
        for name, storage in finder.list(SKIPPED):
            yield Path(storage.path(name))


def _compress(root: Path) -> None:
    for file in root.rglob("*"):
        if file.suffix in _COMPRESSED and file.stat().st_size > _WORTH_COMPRESSING_BYTES:
            file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes(), compresslevel=6, mtime=0))
