"""Server-sent events as an upstream sends them: only the ``data`` of each event, whatever ends its lines."""

from clod_site.lib.refusal import Refusal

MAX_EVENT_BYTES = 1024 * 1024
JOINT = b" "  # the standard's is a line break; to JSON they are the same, and ours would end a line of the stream we send


class EventTooLarge(Refusal):
    """An upstream sent an event without an end."""

    status, type, code = 502, "server_error", "upstream_error"


class Events:
    """Feed it bytes as they arrive; it gives back the data of every event that is complete.

    Lines may end in LF, CRLF or CR (the standard allows all three); comments and other fields are skipped.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        if chunk.startswith(b"data: ") and chunk.endswith(b"\n\n") and not (self._rest or self._data):
            events = chunk[6:-2].split(b"\n\ndata: ")
            if chunk.count(b"\n") == 2 * len(events) and b"\r" not in chunk:
                return [event for event in events if event]  # of a line each and all there, as nearly all of them come
        buffer = self._rest + chunk
        held_back = b"\r" if buffer.endswith(b"\r") else b""  # perhaps the first half of a CRLF
        if held_back:
            buffer = buffer[:-1]
        if b"\r" in buffer:
            buffer = buffer.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = buffer.split(b"\n")
        self._rest = rest + held_back
        complete = [event for line in lines if (event := self._line(line)) is not None]
        if len(self._rest) + self._size > MAX_EVENT_BYTES:
            raise EventTooLarge("The upstream sent an event of more than a megabyte.")
        return complete

    def _line(self, line: bytes) -> bytes | None:
        if not line:
            event, self._data, self._size = JOINT.join(self._data), [], 0
            return event or None
        if line.startswith(b"data:"):
            value = line[5:].removeprefix(b" ")
            self._data.append(value)
            self._size += len(line)
        return None
