"""The seam between OpenAI's chat completions, which the gateway speaks, and the wire of a provider that speaks otherwise.

A dialect is a package beside this module with the four functions below; it translates and knows nothing of connections.
"""

from collections.abc import Iterator
from typing import Protocol

import msgspec
from msgspec import Raw

from clod_site.lib.refusal import Refusal


class Order(msgspec.Struct, frozen=True):
    """A validated chat completion for one endpoint. ``fields`` is the client's, still raw; the rest is what we decided."""

    fields: dict[str, Raw]
    model: str
    output_limit: int
    is_stream: bool


class Translator(Protocol):
    """One stream, event by event."""

    def feed(self, event: bytes) -> Iterator[bytes]:
        """The chunks, as JSON, that an event's data means: none, one or several, and ``[DONE]`` where the provider says so.

        Raises ValueError for what is no event of this provider, Blocked when it will not answer this prompt.
        """
        ...


class Dialect(Protocol):
    """What differs, beyond a row's data, at a provider that is not OpenAI-like."""

    def path(self, order: Order) -> str:
        """Below the endpoint's address."""
        ...

    def body(self, order: Order) -> bytes:
        """What is sent there. Raises Unsupported, naming the field, for what this provider cannot do."""
        ...

    def completion(self, body: bytes) -> bytes:
        """A whole answer as OpenAI would give it. Raises ValueError for anything else, Blocked for a refused prompt."""
        ...

    def translator(self) -> Translator: ...


class Unsupported(Refusal):
    """This provider cannot do what a field asks for; another one that serves the model may."""


class Blocked(Exception):
    """The provider looked at the prompt and will not answer it. Its reason, in a word."""
