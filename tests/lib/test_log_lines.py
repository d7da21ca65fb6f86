"""The log: one event a line, each with the id of its request, none with anything that somebody typed."""

import asyncio
import json
import logging
import threading
import warnings
from collections.abc import Iterator
from io import StringIO

import pytest
from django.db import IntegrityError, OperationalError

from clod_site.lib import log_lines

CANARY = "canary0123456789abcdef"
SECRET_TEXTS = {
    "an API key": f"refused clod_sk_{CANARY}",
    "a Studio token": f"refused clod_st_{CANARY}",
    "a header": f"sent Authorization: Bearer {CANARY}",
    "headers as Python has them": f"sent {{'authorization': 'Bearer {CANARY}', 'x': 1}}",
    "a cookie": f"Cookie: clod_session={CANARY}; theme=dark",
    "a provider's key": f"tried sk-proj-{CANARY}",
    "Google's key": f"tried AIza{CANARY}",
    "a password in an address": f"cannot reach postgresql://clod:{CANARY}@db/clod",
    "a password without a name": f"cannot reach redis://:{CANARY}@cache:6379/0",
    "a query string": f"GET /callback?code={CANARY}&state={CANARY} failed",
    "a setting": f"password={CANARY}",
    "a row PostgreSQL does not like": f"null value\nDETAIL:  Failing row contains (1, {CANARY}).",
    "a line of SQL": f"syntax error\nLINE 1: SELECT '{CANARY}'\n               ^",
}


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    log_lines.end()
    log = logging.Logger("test.lines")
    log.handlers = [logging.StreamHandler(StringIO())]
    log.handlers[0].addFilter(log_lines.Discreet())
    log.handlers[0].setFormatter(log_lines.JsonLine())
    yield log
    log_lines.end()


def written(log: logging.Logger) -> str:
    return log.handlers[0].stream.getvalue()  # type: ignore[attr-defined]


def line(log: logging.Logger) -> dict[str, str]:
    (only,) = written(log).splitlines()
    return json.loads(only)  # type: ignore[no-any-return]


def failing(words: object) -> None:
    local_variable = f"local {CANARY}"
    assert local_variable
    raise ValueError(words)


def test_a_line_says_when_how_bad_who_and_what(log: logging.Logger) -> None:
    log.warning("%s of %s\nare away", 2, "stores")
    said = line(log)
    assert said["time"].endswith("Z")
    assert (said["level"], said["logger"], said["event"]) == ("WARNING", "test.lines", "2 of stores\nare away")


def test_lines_of_a_request_carry_its_id_and_whose_it_is(log: logging.Logger) -> None:
    log_lines.begin(request_id="req_1")
    log_lines.note(organization="org_1")
    log.info("served")
    said = line(log)
    assert (said["request_id"], said["organization"]) == ("req_1", "org_1")


def test_the_next_request_knows_nothing_of_the_last(log: logging.Logger) -> None:
    log_lines.begin(request_id="req_1", organization="org_1")
    log_lines.begin(request_id="req_1")
    log.info("served")
    assert "organization" not in line(log)


def test_outside_of_a_request_nothing_is_noted(log: logging.Logger) -> None:
    log_lines.note(organization="org_1")
    log.info("started")
    assert set(line(log)) == {"time", "level", "logger", "event"}


@pytest.mark.parametrize("text", SECRET_TEXTS.values(), ids=SECRET_TEXTS)
def test_secrets_are_hidden_wherever_they_turn_up(log: logging.Logger, text: str) -> None:
    try:
        raise OSError(text)
    except OSError as error:
        log.exception("it says %s", error)
    log.info(text)
    assert CANARY not in written(log)
    assert CANARY not in log_lines.PlainLine().format(logging.LogRecord("a", 20, "", 1, text, None, None))


def test_an_ordinary_line_is_left_as_it_is(log: logging.Logger) -> None:
    text = "Why is token 5 of 7 late? See https://example.org/a?b and key_0355G9o7EspDsoh783tIpp, at 12:30:01 (skill-based)."
    log.info(text)
    assert line(log)["event"] == text


def test_an_exception_tells_its_places_and_never_their_variables(log: logging.Logger) -> None:
    try:
        failing("no such market")
    except ValueError:
        log.exception("it broke")
    told = line(log)["exception"]
    assert "test_log_lines.py" in told
    assert "in failing" in told
    assert told.endswith("ValueError: no such market")
    assert CANARY not in told


def test_while_a_request_is_served_its_words_are_not_told(log: logging.Logger) -> None:
    """What an exception says may be what the client sent."""
    log_lines.begin(request_id="req_1")
    try:
        try:
            failing(CANARY)
        except ValueError as error:
            raise ExceptionGroup(CANARY, [KeyError(CANARY), IntegrityError(CANARY)]) from error
    except ExceptionGroup as error:
        log.exception("it broke: %s", error)
        log.error("it broke: %r", error, exc_info=error)
    assert CANARY not in written(log)
    told = json.loads(written(log).splitlines()[0])["exception"]
    assert told.index("ValueError: [22 characters") < told.index("ExceptionGroup: [") < told.index("KeyError: [")
    assert "django.db.utils.IntegrityError: [" in told


def test_words_of_machines_are_told_even_then(log: logging.Logger) -> None:
    log_lines.begin(request_id="req_1")
    for error in (ConnectionRefusedError(111, "Connection refused"), OperationalError("the database system is shutting down")):
        log.error("away: %s", error)
    assert "Connection refused" in written(log)
    assert "shutting down" in written(log)


def test_a_line_is_one_line_and_has_an_end(log: logging.Logger) -> None:
    log.info("a\nb\r\0\ud800" + "x" * 50_000)
    assert written(log).count("\n") == 1
    assert len(written(log)) < 40_000


def test_a_line_for_every_call_is_whole_and_cheap_to_write(capsys: pytest.CaptureFixture[str]) -> None:
    log_lines.begin(request_id="req_1")
    log_lines.say("gateway.calls", "call", model="paris", latency_ms=12, ttft_ms=None)
    log_lines.end()
    said = json.loads(capsys.readouterr().err)
    assert said["request_id"].startswith("req_")
    assert (said["logger"], said["event"], said["model"], said["ttft_ms"]) == ("gateway.calls", "call", "paris", None)


def test_lines_of_one_turn_of_the_event_loop_are_written_at_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    async def turns() -> None:
        for turn in (1, 2):
            log_lines.say("gateway.calls", "call", turn=turn)
            log_lines.say("gateway.calls", "call", turn=turn)
            assert capsys.readouterr().err == ""
            await asyncio.sleep(0)
            assert [json.loads(line)["turn"] for line in capsys.readouterr().err.splitlines()] == [turn, turn]
        log_lines.say("gateway.calls", "call", turn=3)

    asyncio.run(turns())
    log_lines.say("gateway.calls", "call", turn=4)
    assert [json.loads(line)["turn"] for line in capsys.readouterr().err.splitlines()] == [3, 4]


def test_a_plain_line_ends_with_the_id(log: logging.Logger) -> None:
    log.handlers[0].setFormatter(log_lines.PlainLine())
    log_lines.begin(request_id="req_1")
    log.info("served")
    assert written(log).rstrip().endswith("test.lines  served  [req_1]")


def test_warnings_and_dying_threads_are_in_the_log(log: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    hook = threading.excepthook
    log_lines.take_over()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(True)
            warnings.warn("old", DeprecationWarning, stacklevel=1)
        thread = threading.Thread(target=failing, args=("died",), name="the ledger")
        thread.start()
        thread.join()
    finally:
        threading.excepthook = hook
        logging.captureWarnings(False)
    assert any("old" in record.getMessage() for record in caplog.records)
    assert any("the ledger ended with an error" in record.getMessage() for record in caplog.records)
