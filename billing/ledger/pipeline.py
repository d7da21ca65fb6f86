"""Many statements in one trip to PostgreSQL: libpq's pipeline mode, driven by hand.

The driver's own pipeline sends each statement by itself and looks for answers in between, which costs both sides a system call and a
turn for each. Here they are sent together, when the first of their answers is looked at. A statement is prepared when it is first
sent; parameters and answers are in PostgreSQL's binary format.
"""

import select
from collections.abc import Sequence
from itertools import count
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq import DiagnosticField, ExecStatus, Format

from billing.ledger.store import Row

DONE = {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK}


class Refused(Exception):
    """What the server will not do. ``state`` is its SQLSTATE, empty for trouble on the wire."""

    def __init__(self, message: str, state: str) -> None:
        super().__init__(message)
        self.state = state


class Answer:
    """Of a statement. Whoever looks at it first makes the trip for all that were sent."""

    __slots__ = ("_pipeline", "result")

    def __init__(self, pipeline: "Pipeline") -> None:
        self._pipeline = pipeline
        self.result: Any = None

    def rows(self) -> list[Row]:
        if self.result is None:
            self._pipeline.trip()
        return self._pipeline.read(self.result)


class Pipeline:
    """One connection, from now on in pipeline mode. Trouble on the wire is a psycopg.Error."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._reader = Transformer(connection)
        self._libpq = libpq = connection.pgconn
        libpq.nonblocking = 1
        libpq.enter_pipeline_mode()
        self._socket = select.poll()
        self._watch(select.POLLIN)
        self._names: dict[str, bytes] = {}  # of prepared statements
        self._numbers = count()
        self._sent: list[tuple[Answer, str]] = []  # with what it prepares, if it does

    def send(self, sql: str, parameters: Sequence[bytes] = ()) -> Answer:
        """Put a statement to those of the next trip. Parameters are written ``%b`` in it, as for the driver."""
        name = self._names.get(sql) or self._prepare(sql)
        self._libpq.send_query_prepared(name, parameters, [Format.BINARY] * len(parameters), Format.BINARY)
        return self._expect("")

    def trip(self) -> None:
        """Send what waits, and take all answers. Raises Refused for the first statement that was refused; those after it were not done."""
        self._libpq.pipeline_sync()
        while self._libpq.flush():
            self._watch(select.POLLIN | select.POLLOUT)
            self._take_in()
        self._watch(select.POLLIN)
        refused = None
        for answer, prepared in self._waiting():
            answer.result = result = self._next()
            while result is not None and (another := self._next()) is not None:  # each ends with None
                answer.result = result = another
            if result is None or result.status not in DONE:
                self._names.pop(prepared, None)
                refused = refused or self._refused(result)
        self._next()  # the end of the trip
        if refused:
            raise refused

    def read(self, result: Any) -> list[Row]:
        self._reader.set_pgresult(result)
        rows: list[Row] = self._reader.load_rows(0, result.ntuples, tuple)
        return rows

    def _prepare(self, sql: str) -> bytes:
        self._names[sql] = name = b"clod_%d" % next(self._numbers)
        parts = sql.split("%b")
        text = parts[0] + "".join(f"${number}{part}" for number, part in enumerate(parts[1:], 1))
        self._libpq.send_prepare(name, text.encode())
        self._expect(sql)
        return name

    def _expect(self, prepares: str) -> Answer:
        answer = Answer(self)
        self._sent.append((answer, prepares))
        return answer

    def _waiting(self) -> list[tuple[Answer, str]]:
        sent, self._sent = self._sent, []
        return sent

    def _next(self) -> Any:
        while self._libpq.is_busy():
            self._take_in()
        return self._libpq.get_result()

    def _take_in(self) -> None:
        self._socket.poll()
        self._libpq.consume_input()

    def _watch(self, events: int) -> None:
        self._socket.register(self._libpq.socket, events)

    def _refused(self, result: Any) -> Refused:
        if result is None:
            return Refused(self._libpq.get_error_message(), "")
        return Refused(result.get_error_message(), (result.error_field(DiagnosticField.SQLSTATE) or b"").decode())
