"""What a client says it takes: the Accept headers, and what it has already. Pure."""


def prefers_csv(accept: str) -> bool:
    """JSON unless CSV is named, and nothing is liked better."""
    liked = _qualities(accept)
    return liked.get("text/csv", 0.0) > liked.get("application/json", 0.0) and liked["text/csv"] >= liked.get("*/*", 0.0)


def takes_gzip(accept_encoding: str) -> bool:
    return _qualities(accept_encoding).get("gzip", 0.0) > 0


def has(if_none_match: str, etag: str) -> bool:
    """Whether one of the tags is this one; a proxy may have weakened it."""
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in tags or "*" in tags


def _qualities(header: str) -> dict[str, float]:
    """By name in small letters; 1 where none is given, 0 where it is no number."""
    found = {}
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        found[name] = _quality(parameters)
    return found


def _quality(parameters: list[str]) -> float:
    told = next((piece.removeprefix("q=") for piece in parameters if piece.startswith("q=")), "1")
    try:
        return float(told)
    except ValueError:
        return 0.0
