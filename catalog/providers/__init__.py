"""How upstreams are spoken to. An OpenAI-like one is a row of this table; a dialect of its own only where the wire differs."""

import msgspec

from catalog.providers import anthropic, gemini
from catalog.providers.dialect import Dialect


class Adapter(msgspec.Struct, frozen=True):
    """The differences of an upstream.

    Of an OpenAI-like one, whose bytes pass as they are: ``limit_field``, where its chat takes the output limit; ``usage_option``,
    that it understands ``stream_options.include_usage``. Of any: the header its credential goes in, ``headers`` beside it, and
    ``our_fault``, words in a refusal (status 400) that speak of our account there and not of the request.
    """

    limit_field: str = "max_tokens"
    usage_option: bool = True
    credential_header: str = "Authorization"
    credential_prefix: str = "Bearer "
    headers: tuple[tuple[str, str], ...] = ()
    our_fault: tuple[bytes, ...] = ()
    dialect: Dialect | None = None


ADAPTERS = {
    "openai": Adapter(limit_field="max_completion_tokens"),
    "compatible": Adapter(),
    "azure": Adapter(limit_field="max_completion_tokens", credential_header="api-key", credential_prefix=""),
    "anthropic": Adapter(
        credential_header="x-api-key",
        credential_prefix="",
        headers=(("anthropic-version", "2023-06-01"),),
        our_fault=(b"credit balance is too low",),
        dialect=anthropic,
    ),
    "gemini": Adapter(
        credential_header="x-goog-api-key",
        credential_prefix="",
        our_fault=(b"API key not valid", b"API_KEY_INVALID", b"API key expired", b"FAILED_PRECONDITION"),
        dialect=gemini,
    ),
}
