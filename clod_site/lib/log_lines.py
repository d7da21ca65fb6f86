"""What a process says about itself, one event a line: JSON in production, plain text on a developer's terminal.

Every line of a request or a job carries its id: ``begin`` and ``note`` keep the facts, the formatters add them. Nothing that
somebody typed is for a log. So a line never has a variable of a traceback's frames, keys and tokens in it are hidden
(``scrubbed``), and while a request is served an exception tells its kind and place, but not its words (``words_of``).
"""

import asyncio
import atexit
import logging
import re
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from traceback import StackSummary, format_list, walk_tb
from typing import Any

import msgspec
from django.db import OperationalError

from clod_site.lib import loops

REQUEST = "request_id"
MAX_LINE = 32_000  # characters of one text in a line; the longest tracebacks are cut in their middle
MAX_CHAIN = 8
QUOTES_NOBODY: tuple[type[BaseException], ...] = (OSError, OperationalError, AttributeError, NameError, ImportError, MemoryError)

_HIDDEN = "[hidden]"
_SECRETS = (
    (re.compile(r"\bclod_(sk|st|inv|whsec)_[0-9A-Za-z_-]+"), rf"clod_\1_{_HIDDEN}"),
    (re.compile(r"(?i)\b(authorization|cookie|set-cookie|x-api-key|x-goog-api-key)(['\"]?\s*[:=]\s*)[^\r\n]+"), rf"\1\2{_HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s'\",]+"), rf"\1 {_HIDDEN}"),
    (re.compile(r"\b(sk|pk|rk|gsk|xai|whsec)[-_][0-9A-Za-z_-]{12,}|\bAIza[0-9A-Za-z_-]{12,}"), _HIDDEN),
    (re.compile(r"://[^/\s:@]*:[^@\s/]+@"), f"://{_HIDDEN}@"),
    (re.compile(r"(?<=[\w/])\?[\w%.~-]+=[^\s'\"]*"), f"?{_HIDDEN}"),
    (re.compile(r"(?i)\b(password|passwd|secret|token|api_?key|signature)(['\"]?\s*[=:]\s*)[^\s,;&]+"), rf"\1\2{_HIDDEN}"),
    (re.compile(r"\n?(DETAIL|CONTEXT|LINE \d+): .*(\n +\^)?"), ""),  # PostgreSQL quotes the rows it does not like
)
_facts: ContextVar[dict[str, object] | None] = ContextVar("log_facts", default=None)
_encode = msgspec.json.Encoder(enc_hook=str).encode
_writing = threading.Lock()
_lines: deque[dict[str, object]] = deque()
_due: asyncio.AbstractEventLoop | None = None  # whose turn ends with writing them


def begin(**facts: object) -> None:
    """A request or a job starts here: its lines, and those of what it starts, have these facts and no older ones. Ids are written as
    customers see them."""
    _facts.set(facts)


def note(**facts: object) -> None:
    """More is known about the request or job now. Outside of one nothing is kept."""
    known = _facts.get()
    if known is not None:
        known.update(facts)


def end() -> None:
    _facts.set(None)


def say(logger: str, event: str, **more: object) -> None:
    """One line of JSON at INFO, for what happens thousands of times a second: less than a third of what ``logging`` costs. The caller
    gives no text that somebody typed. Lines of one turn of the event loop are written together, at its end."""
    global _due
    _lines.append({"time": _time(time.time()), "level": "INFO", "logger": logger, "event": event, **_known(), **more})
    try:
        loop = loops.running()
    except RuntimeError:
        return _write()
    if _due is not loop:
        _due = loop
        loop.call_soon(_write)
    return None


def _write() -> None:
    global _due
    _due = None
    with _writing, suppress(OSError, ValueError):  # whoever reads it has gone: what is told of must not fail for that
        lines = [_encode(_lines.popleft()) for _ in range(len(_lines))]
        sys.stderr.buffer.write(b"\n".join([*lines, b""]))
        sys.stderr.flush()


class PlainLine(logging.Formatter):
    """For a terminal. Lines of a request end with its id."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s  %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        number = _known().get(REQUEST)
        return scrubbed(super().formatMessage(record) + (f"  [{number}]" if number else ""))

    def formatException(self, ei: Any) -> str:
        return told(ei[1])


class JsonLine(logging.Formatter):
    """For a log store: time (UTC), level, logger, event, what is known of the request, and the exception."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _time(record.created),
            "level": record.levelname,
            "logger": record.name,
            "event": scrubbed(record.getMessage()),
        }
        line |= _known()
        if record.exc_info and record.exc_info[1]:
            line["exception"] = told(record.exc_info[1])
        return _encode(line).decode()


class Discreet(logging.Filter):
    """Of a handler. Django names a request's path in its complaints, and a path may be an invitation: its route says which page it was.
    Exceptions among the words of a line say what ``words_of`` lets them.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            request = getattr(record, "request", None)
            record.args = tuple([self._discreetly(argument, request) for argument in record.args])
        return True

    def _discreetly(self, argument: object, request: Any) -> object:
        if isinstance(argument, BaseException):
            return words_of(argument) if _may_quote(argument) else argument
        return route_of(request) if request is not None and argument == getattr(request, "path", None) else argument


def route_of(request: Any) -> str:
    """The pattern of the page's address, as in ``urls.py``; a dash where there is no such page."""
    match = getattr(request, "resolver_match", None)
    return f"/{match.route}" if match else "–"


def told(error: BaseException) -> str:
    """An exception and what led to it: the places without their variables, and its words where they can be told."""
    return scrubbed("\n".join(reversed(list(_chain(error)))))


def words_of(error: BaseException) -> str:
    """What an exception says. While a request is served that may quote what a client sent, so only kinds that do not are heard."""
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    text = str(error)
    if text and _may_quote(error):
        return f"{kind}: [{len(text)} characters that may quote the request]"
    return f"{kind}: {text}" if text else kind


def _may_quote(error: BaseException) -> bool:
    return REQUEST in _known() and not isinstance(error, QUOTES_NOBODY)


def scrubbed(text: str) -> str:
    """Without keys, tokens and passwords, of a bounded length, and such that it can be written."""
    text = text.encode(errors="backslashreplace").decode()
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text if len(text) <= MAX_LINE else f"{text[: MAX_LINE // 2]}\n[…]\n{text[-MAX_LINE // 2 :]}"


def take_over() -> None:
    """Warnings and the last words of threads are lines of the log, too."""
    logging.captureWarnings(True)
    threading.excepthook = _thread_failed


def _thread_failed(arguments: threading.ExceptHookArgs) -> None:
    name = arguments.thread.name if arguments.thread else "a thread"
    error = arguments.exc_value
    logging.getLogger("clod").critical("%s ended with an error", name, exc_info=error if error else True)


def _chain(error: BaseException) -> Iterator[str]:
    """Newest first: the exception, and those it came from."""
    for _ in range(MAX_CHAIN):
        stack = StackSummary.extract(walk_tb(error.__traceback__), capture_locals=False)
        inner = [f"  | {told(one)}" for one in error.exceptions] if isinstance(error, BaseExceptionGroup) else []
        yield "".join(["Traceback (most recent call last):\n", *format_list(stack), words_of(error), *inner])
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is None:
            return
        error = cause


def _known() -> dict[str, object]:
    return _facts.get() or {}


def _time(seconds: float) -> str:
    whole = int(seconds)
    return f"{_second(whole)}.{int((seconds - whole) * 1000):03}Z"


@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


atexit.register(_write)
