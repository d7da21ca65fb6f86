"""Texts to embed, as a client sends them."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from catalog.operations import EMBEDDINGS
from gateway.errors import InvalidRequest
from gateway.wire import fields, request, texts
from gateway.wire.messages import NO_CONTENTS
from gateway.wire.texts import TextsAsk

MOST_INPUTS = 2048
KNOWN: dict[str, Any] = {name: fields.KNOWN[name] for name in ("model", "models", "provider", "user")} | {
    "input": texts.Texts,
    "encoding_format": Literal["float", "base64"],
    "dimensions": Annotated[int, Meta(ge=1, le=100_000)],
    "stream": bool,
}
_known = fields.Known(KNOWN)


class EmbeddingsAsk(TextsAsk, frozen=True, kw_only=True):
    """``is_base64``: vectors as the bytes of 32-bit floats, which is what OpenAI's clients ask for on their own."""

    is_base64: bool


def parse(body: bytes) -> EmbeddingsAsk:
    """The request in a body of JSON; InvalidRequest names the field and what was expected there."""
    given = request.top_level(body)
    values = _known.read(given)
    inputs = texts.given(given, values, "input", "Embeddings need")
    _check(values, inputs)
    return EmbeddingsAsk(
        **request.addressed(given, values, without=("stream", "stream_options")),
        operation=EMBEDDINGS,
        prompt_field="input",
        limit_field="",
        is_stream=False,
        wants_usage=False,
        choices=1,
        output_limit=0,
        contents=NO_CONTENTS,
        features={},
        inputs=len(inputs),
        tokens=texts.tokens_in(inputs),
        is_base64=values.get("encoding_format") == "base64",
    )


def _check(values: dict[str, Any], inputs: list[str | list[int]]) -> None:
    if values.get("stream"):
        raise InvalidRequest("Embeddings come as a whole. Leave 'stream' out.", param="stream")
    if len(inputs) > MOST_INPUTS:
        raise InvalidRequest(f"'input' has {len(inputs)} texts. Send at most {MOST_INPUTS} at once.", param="input")
    empty = next((index for index, one in enumerate(inputs) if not one), None)
    if empty is not None:
        raise InvalidRequest("An empty text has no embedding. Leave it out.", param=f"input[{empty}]" if len(inputs) > 1 else "input")
