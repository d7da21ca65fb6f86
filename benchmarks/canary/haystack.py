"""Everything a site leaves behind, and a search through it that knows how text is wrapped."""

import base64
import json
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import redis

from tests import stores

Places = dict[str, list[bytes]]


def spellings(canary: str) -> list[bytes]:
    """As it is, in hex, in UTF-16, and in base64 wherever it may begin there."""
    raw = canary.encode()
    encoded = [base64.b64encode(b"\0" * shift + raw)[2 + shift : -4] for shift in range(3)]
    url_safe = [each.replace(b"+", b"-").replace(b"/", b"_") for each in encoded]
    return [raw, raw.hex().encode(), canary.encode("utf-16-le"), *encoded, *url_safe]


def found(canary: str, places: Places) -> dict[str, int]:
    """In how many documents of each place it is."""
    wanted = spellings(canary)
    return {place: sum(any(each in document for each in wanted) for document in documents) for place, documents in places.items()}


def collect(folder: Path, database_url: str, redis_url: str) -> Places:
    """``folder`` holds everything: the site's data, its logs, its folder for temporary files, the stores' own files."""
    return {"database, as a dump": [_dump(folder, database_url)], "Redis, every key": list(_keys(redis_url))} | files(folder)


def files(folder: Path) -> Places:
    places: Places = {"database's files": [], "logs": [], "temporary files": [], "other files": []}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not stores.is_program(path):
            places[_kind(path.relative_to(folder))].append(path.read_bytes())
    return places


def _kind(path: Path) -> str:
    if path.parts[0] in {"postgres", "valkey"} or ".sqlite3" in path.name:
        return "database's files"
    if path.parts[0] == "tmp":
        return "temporary files"
    return "logs" if path.suffix in {".log", ".out"} else "other files"


def _dump(folder: Path, url: str) -> bytes:
    """As SQL."""
    if not url:
        (file,) = folder.glob("var/*.sqlite3")
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
            return "\n".join(connection.iterdump()).encode(errors="surrogateescape")
    parts = urlsplit(url)
    command = [stores.postgres_program("pg_dumpall"), "--host", unquote(parts.hostname or ""), "--username", "postgres"]
    return subprocess.run(list(map(str, command)), capture_output=True, check=True, timeout=60).stdout


def _keys(url: str) -> Iterator[bytes]:
    read = {
        "string": lambda store, key: store.get(key),
        "list": lambda store, key: store.lrange(key, 0, -1),
        "set": lambda store, key: store.smembers(key),
        "zset": lambda store, key: store.zrange(key, 0, -1, withscores=True),
        "hash": lambda store, key: store.hgetall(key),
        "stream": lambda store, key: store.xrange(key),
    }
    with redis.Redis.from_url(url) as store:
        for key in store.scan_iter():
            kind = store.type(key).decode()
            if kind != "none":
                yield key + b"\0" + _bytes(read[kind](store, key))


def _bytes(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, dict):
        return b"\0".join(_bytes(each) for pair in value.items() for each in pair)
    if isinstance(value, list | tuple | set):
        return b"\0".join(map(_bytes, value))
    return json.dumps(value, default=str).encode()
