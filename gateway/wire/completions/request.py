"""A completion of plain text as a client asks for it."""

from typing import Annotated, Any

from msgspec import Meta

from catalog.operations import COMPLETIONS
from gateway.errors import InvalidRequest
from gateway.wire import fields, request, texts
from gateway.wire.messages import NO_CONTENTS
from gateway.wire.texts import TextsAsk

MOST_CHOICES = 128
USUAL_LIMIT = 16  # OpenAI's: whoever leaves it out gets few tokens, and pays for few
_AS_IN_CHAT = (
    "model", "models", "provider", "stream", "stream_options", "temperature", "top_p", "n", "max_completion_tokens", "stop", "seed",
    "presence_penalty", "frequency_penalty", "logit_bias", "user",
)  # fmt: skip
KNOWN: dict[str, Any] = {name: fields.KNOWN[name] for name in _AS_IN_CHAT} | {
    "prompt": texts.Texts,
    "max_tokens": Annotated[int, Meta(ge=0, le=10_000_000)],
    "best_of": Annotated[int, Meta(ge=1, le=MOST_CHOICES)],
    "echo": bool,
    "logprobs": Annotated[int, Meta(ge=0, le=20)],
    "suffix": str,
}
_known = fields.Known(KNOWN)


def parse(body: bytes) -> TextsAsk:
    """The request in a body of JSON; InvalidRequest names the field and what was expected there."""
    given = request.top_level(body)
    values = _known.read(given)
    prompts = texts.given(given, values, "prompt", "A completion needs")
    _check(values, len(prompts))
    return TextsAsk(
        **request.addressed(given, values),
        operation=COMPLETIONS,
        prompt_field="prompt",
        limit_field="max_tokens",
        is_stream=values.get("stream", False),
        wants_usage=request.wants_usage(values),
        choices=values.get("n", 1) * len(prompts),
        output_limit=values.get("max_tokens", values.get("max_completion_tokens", USUAL_LIMIT)),
        contents=NO_CONTENTS,
        features=_features(values),
        inputs=len(prompts),
        tokens=texts.tokens_in(prompts),
    )


def _check(values: dict[str, Any], prompts: int) -> None:
    choices = values.get("n", 1)
    if choices * prompts > MOST_CHOICES:
        raise InvalidRequest(
            f"{prompts} prompts with {choices} choices each are more than {MOST_CHOICES} choices. Ask for fewer.", param="n"
        )
    if values.get("best_of", choices) > choices:
        raise InvalidRequest(
            "'best_of' above 'n' writes answers that are billed and thrown away. Ask for them with 'n', and choose yourself.",
            param="best_of",
        )


def _features(values: dict[str, Any]) -> dict[str, str]:
    needed = {name: name for name in ("echo", "suffix") if values.get(name)}
    if "logprobs" in values:
        needed["logprobs"] = "logprobs"
    if values.get("n", 1) > 1:
        needed["choices"] = "n"
    return needed
