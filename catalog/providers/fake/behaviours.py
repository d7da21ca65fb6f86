"""What each model does, as data: everything that is not said here is an ordinary answer."""

from typing import Literal

from msgspec import Struct

NEVER_S = 3600.0


class Behaviour(Struct, frozen=True):
    """``first_s`` is the silence before an answer begins, ``pause_s`` the one between its words.

    ``breaks`` after three words: the connection is cut, an error event is sent, or nothing comes any more.
    """

    says: Literal["echo", "words", "json", "tool-call"] = "words"
    words: int = 12
    thinks: bool = False
    first_s: float = 0.0
    pause_s: float = 0.0
    status: int = 200
    message: str = ""
    retry_after_s: int | None = None
    breaks: Literal["", "cut", "error", "silence"] = ""
    hangs_up: bool = False
    usage: Literal["last", "every", "never", "zero", "absurd"] = "last"
    takes_stream_options: bool = True
    says_done: bool = True


BEHAVIOURS = {
    "echo": Behaviour(says="echo"),
    "slow": Behaviour(first_s=0.5, pause_s=0.05),
    "long": Behaviour(words=2000),
    "json": Behaviour(says="json"),
    "tool-call": Behaviour(says="tool-call"),
    "reasoning": Behaviour(thinks=True),
    "no-usage": Behaviour(usage="never"),
    "usage-every-chunk": Behaviour(usage="every"),
    "zero-usage": Behaviour(usage="zero"),
    "absurd-usage": Behaviour(usage="absurd"),
    "rejects-stream-options": Behaviour(takes_stream_options=False, usage="never"),
    "embedding": Behaviour(),
    "no-done": Behaviour(says_done=False),
    "error-400": Behaviour(status=400, message="The fake provider refuses this request."),
    "error-401": Behaviour(status=401, message="Incorrect API key provided."),
    "error-429": Behaviour(status=429, message="Rate limit reached.", retry_after_s=2),
    "error-500": Behaviour(status=500, message="The server had an error."),
    "error-529": Behaviour(status=529, message="Overloaded."),
    "cut-mid-stream": Behaviour(breaks="cut"),
    "error-mid-stream": Behaviour(breaks="error"),
    "stall-mid-stream": Behaviour(breaks="silence"),
    "hang": Behaviour(first_s=NEVER_S),
    "hang-up": Behaviour(hangs_up=True),
}
