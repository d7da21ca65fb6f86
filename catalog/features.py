"""What models can do beside writing text, and the sentence for one that cannot."""

FEATURES = {
    "tools": "calls no tools",
    "json_object": "has no JSON mode",
    "json_schema": "does not write to a JSON schema",
    "reasoning": "has no adjustable reasoning",
    "logprobs": "tells no log probabilities",
    "choices": "writes one answer at a time",
    "echo": "does not repeat its prompt",
    "suffix": "does not write what comes before a suffix",
}


def every() -> list[str]:
    """Of a model nothing is known about: everything is passed on, and its server decides."""
    return list(FEATURES)
