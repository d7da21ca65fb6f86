"""How upstreams are spoken to. An OpenAI-like one is a row of this table; a file of its own only where the wire differs."""

import msgspec


class Adapter(msgspec.Struct, frozen=True):
    """The differences of an OpenAI-like upstream.

    ``limit_field`` is where it takes the output limit; ``usage_option`` says that it understands
    ``stream_options.include_usage`` (those that answer 400 to it are metered by our own count).
    """

    path: str = "chat/completions"
    limit_field: str = "max_tokens"
    credential_header: str = "Authorization"
    credential_prefix: str = "Bearer "
    usage_option: bool = True


ADAPTERS = {
    "openai": Adapter(limit_field="max_completion_tokens"),
    "compatible": Adapter(),
    "azure": Adapter(limit_field="max_completion_tokens", credential_header="api-key", credential_prefix=""),
}
