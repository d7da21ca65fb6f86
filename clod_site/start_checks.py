"""What keeps a process from starting, all of it at once: variables that are missing, or that cannot be what they should be."""

import os
from collections.abc import Iterator
from difflib import get_close_matches
from urllib.parse import urlsplit

from clod_site.lib import env

REQUIRED = {
    "CLOD_SECRET_KEY": "In production every secret comes from the environment.",
    "CLOD_KEY_PEPPERS": "In production every secret comes from the environment.",
    "CLOD_ENCRYPTION_KEYS": "In production every secret comes from the environment.",
    "CLOD_BASE_URL": "Give the public address of the dashboard, such as https://app.example.org.",
    "DATABASE_URL": "Production runs on PostgreSQL.",
    "REDIS_URL": "Production keeps its cache and its job queue in Redis.",
    "EMAIL_HOST": "Production verifies e-mail addresses by sending to them.",
}
OURS = ("CLOD_BASE_URL", "CLOD_API_URL")
UPSTREAMS = ("CLOD_EMBEDDED_MODEL_URL", "CLOD_FAKE_URL")
DATA_CENTER = "CLOD_DC_"
STORES = {"DATABASE_URL": ("postgresql", "postgres"), "REDIS_URL": ("redis", "rediss", "unix")}
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Every name that begins with CLOD_ and somebody reads, beside those of data centers; a test compares it with the code.
KNOWN = frozenset(
    (
        "CLOD_ACCESS_LOG",
        "CLOD_AESO_KEY",
        "CLOD_ALLOWED_HOSTS",
        "CLOD_ALLOWED_UPSTREAM_NETWORKS",
        "CLOD_API_URL",
        "CLOD_BAD_KEYS_PER_MINUTE",
        "CLOD_BASE_URL",
        "CLOD_BEHIND_PROXY",
        "CLOD_DATABASE_POOL",
        "CLOD_DEBUG",
        "CLOD_DRAIN_S",
        "CLOD_EMBEDDED_MODEL_URL",
        "CLOD_ENCRYPTION_KEYS",
        "CLOD_ENERGY_FALLBACK",
        "CLOD_ENERGY_FEED",
        "CLOD_ENERGY_REPLAY",
        "CLOD_FAKE_PROVIDER",
        "CLOD_FAKE_URL",
        "CLOD_FAST_LANE",
        "CLOD_FIRST_BYTE_S",
        "CLOD_GITHUB_CLIENT_ID",
        "CLOD_GITHUB_CLIENT_SECRET",
        "CLOD_GITHUB_URL",
        "CLOD_GOOGLE_CLIENT_ID",
        "CLOD_GOOGLE_CLIENT_SECRET",
        "CLOD_HSTS_SUBDOMAINS",
        "CLOD_HTTP_PORT",
        "CLOD_IMAGE",
        "CLOD_KEY_PEPPERS",
        "CLOD_KEY_RPM",
        "CLOD_KEY_TPM",
        "CLOD_LISTEN",
        "CLOD_LEASES",
        "CLOD_LOG_FORMAT",
        "CLOD_LOG_LEVEL",
        "CLOD_LOW_WALLET_USD",
        "CLOD_MAX_CONNECTIONS",
        "CLOD_MAX_CONNECTIONS_PER_ADDRESS",
        "CLOD_METRICS_NETWORKS",
        "CLOD_METRICS_TOKEN",
        "CLOD_MODE",
        "CLOD_MODEL",
        "CLOD_MODELS",
        "CLOD_MODEL_FILE",
        "CLOD_ORGANIZATION_RPM",
        "CLOD_ORGANIZATION_TPM",
        "CLOD_PJM_KEY",
        "CLOD_PRICES_PER_MINUTE",
        "CLOD_RELEASE",
        "CLOD_SECRET_KEY",
        "CLOD_SERVER_NAME",
        "CLOD_SERVER_TIMING",
        "CLOD_STACK",
        "CLOD_STAFF_MFA",
        "CLOD_STRIPE_API_BASE",
        "CLOD_STRIPE_CHECKOUT_ORIGIN",
        "CLOD_STRIPE_SECRET_KEY",
        "CLOD_STRIPE_WEBHOOK_SECRET",
        "CLOD_TLS",
        "CLOD_TOP_UP_MAX_USD",
        "CLOD_TOP_UP_MIN_USD",
        "CLOD_TRUSTED_PROXIES",
        "CLOD_UPSTREAM_DEADLINE_S",
        "CLOD_USD_PER_CAD",
        "CLOD_VAR",
        "CLOD_VERIFY_EMAIL",
        "CLOD_WEB_SERVERS",
    )
)


def complaints(*, is_production: bool) -> list[str]:
    """Each in a sentence that names the variable and never shows its content."""
    missing = [f"{name} is not set. {why}" for name, why in REQUIRED.items() if is_production and not env.text(name)]
    return [*missing, *_addresses(is_production), *_stores(), *_levels()]


def unknown() -> list[str]:
    """Sentences about variables that look like ours and that nobody reads: a misspelt one changes nothing, and says nothing."""
    names = sorted(name for name in os.environ if name.startswith("CLOD_") and not name.startswith(DATA_CENTER) and name not in KNOWN)
    return [f"{name} is not a variable of this version{_nearest(name)}." for name in names]


def _nearest(name: str) -> str:
    found = get_close_matches(name, sorted(KNOWN), n=1, cutoff=0.8)
    return f"; is {found[0]} meant?" if found else ""


def _addresses(is_production: bool) -> Iterator[str]:
    for name in OURS:
        if value := env.text(name):
            yield from _public_address(name, value, is_production)
    for name in (*UPSTREAMS, *(name for name in os.environ if name.startswith(DATA_CENTER) and name.endswith("_URL"))):
        if env.text(name) and not _is_address(env.text(name)):
            yield f"{name} is not an address such as http://10.0.0.5:8000/v1."


def _public_address(name: str, value: str, is_production: bool) -> Iterator[str]:
    if not _is_address(value) or urlsplit(value).path.strip("/") or urlsplit(value).query:
        yield f"{name} is not an address such as https://app.example.org: scheme and host, with a port where it has one, and nothing more."
    elif is_production and not value.startswith("https://") and urlsplit(value).hostname not in LOOPBACK:
        yield f"{name} must begin with https://: without TLS, passwords and cookies are read on their way. Only loopback goes without."


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _stores() -> Iterator[str]:
    for name, schemes in STORES.items():
        if env.text(name) and urlsplit(env.text(name)).scheme not in schemes:
            yield f"{name} must start with {schemes[0]}://."


def _levels() -> Iterator[str]:
    if env.text("CLOD_LOG_LEVEL", "INFO").upper() not in LEVELS:
        yield f"CLOD_LOG_LEVEL must be one of {', '.join(LEVELS)}."
