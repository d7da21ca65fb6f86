"""What completions and embeddings are asked about: a text, a list of texts, tokens, or lists of tokens."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw

from gateway.errors import InvalidRequest
from gateway.wire.messages import tokens_of
from gateway.wire.request import Ask

Token = Annotated[int, Meta(ge=0, lt=2**31)]
Tokens = Annotated[list[Token], Meta(min_length=1)]
Texts = str | Annotated[list[str | Token | Tokens], Meta(min_length=1)]

_decoder = msgspec.json.Decoder(Texts)


class TextsAsk(Ask, frozen=True, kw_only=True):
    """``prompt_field`` holds ``inputs`` of them; ``tokens`` is how many there are where they came as such, 0 for texts."""

    tokens: int

    def prompt_estimate(self) -> int:
        return self.tokens or tokens_of(len(memoryview(self.fields[self.prompt_field])))

    def _least_tokens(self) -> int:
        """Of the longest: each has the context window for itself."""
        return max(_least(one) for one in each(_decoder.decode(self.fields[self.prompt_field]), self.prompt_field))


def each(given: str | list[Any], param: str) -> list[str | list[int]]:
    """One by one: a list of numbers is one prompt of tokens. InvalidRequest for a list of several kinds."""
    if isinstance(given, str):
        return [given]
    kinds = {type(one) for one in given}
    if len(kinds) > 1:
        raise InvalidRequest(f"'{param}' mixes texts, tokens and lists of tokens. Send a list of one kind.", param=param)
    return [given] if kinds == {int} else given


def tokens_in(prompts: list[str | list[int]]) -> int:
    return sum(len(one) for one in prompts if not isinstance(one, str))


def given(fields: dict[str, Raw], values: dict[str, Any], name: str, what: str) -> list[str | list[int]]:
    """The prompts of a request; InvalidRequest where there are none."""
    if name not in fields:
        raise InvalidRequest(f"'{name}' is missing. {what} 'model' and '{name}'.", param=name)
    return each(values[name], name)


def _least(one: str | list[int]) -> int:
    return len(one.split()) if isinstance(one, str) else len(one)
