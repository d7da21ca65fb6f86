"""What endpoints turned out to dislike. Known per process, learned anew by the next one."""

_no_usage_option: set[int] = set()


def learned_no_usage_option(endpoint_id: int) -> None:
    """It answers 400 to ``stream_options``: from now on its streams are asked for without, and counted by us."""
    _no_usage_option.add(endpoint_id)


def dislikes_usage_option(endpoint_id: int) -> bool:
    return endpoint_id in _no_usage_option


def forget() -> None:
    _no_usage_option.clear()
