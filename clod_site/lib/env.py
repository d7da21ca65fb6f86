"""Typed readers of environment variables; a bad value names the variable, never its content."""

import ipaddress
import os
from pathlib import Path


class BadEnvironment(SystemExit):
    """A variable is missing or malformed; the process cannot start."""

    def __init__(self, message: str) -> None:
        super().__init__(f"CLōD cannot start: {message}")


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool = False) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise BadEnvironment(f"{name} must be 1 or 0.")


def integer(name: str, default: int, *, least: int = 0) -> int:
    value = text(name)
    if not value:
        return default
    if not (value.isascii() and value.isdigit()) or int(value) < least:
        raise BadEnvironment(f"{name} must be a whole number, at least {least}.")
    return int(value)


def number(name: str, default: float) -> float:
    """A finite number above zero."""
    try:
        value = float(text(name, str(default)))
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise BadEnvironment(f"{name} must be a number above 0, such as {default}.")
    return value


def words(name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """A comma-separated list."""
    return tuple(word.strip() for word in text(name).split(",") if word.strip()) or default


def networks(name: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """A comma-separated list of addresses and networks."""
    try:
        return tuple(ipaddress.ip_network(word) for word in words(name))
    except ValueError:
        raise BadEnvironment(f"{name} must be addresses or networks, such as 10.0.0.0/8, separated by commas.") from None


def path(name: str, default: Path) -> Path:
    value = text(name)
    return Path(value).expanduser().resolve() if value else default
