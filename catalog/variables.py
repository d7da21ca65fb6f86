"""Which environment variables a provider or an endpoint may name: those of upstreams, and never the site's own secrets.

Otherwise whoever may edit the catalog could have ``CLOD_SECRET_KEY`` or ``DATABASE_URL`` sent to a server of their own.
"""

import re

from django.core.exceptions import ValidationError

_KEY = re.compile(r"(CLOD_DC_[A-Z0-9_]+|(?!CLOD_|DATABASE_|REDIS_|EMAIL_|STRIPE_|AWS_)[A-Z][A-Z0-9_]*)_(API_KEY|API_TOKEN)")
_ADDRESS = re.compile(r"(CLOD_(DC_[A-Z0-9_]+|EMBEDDED_MODEL|FAKE)|(?!CLOD_|DATABASE_|REDIS_|EMAIL_)[A-Z][A-Z0-9_]*_BASE)_URL")


def may_hold_key(name: str) -> bool:
    return bool(_KEY.fullmatch(name))


def may_hold_address(name: str) -> bool:
    return bool(_ADDRESS.fullmatch(name))


def check_key(name: str) -> None:
    if name and not may_hold_key(name):
        raise ValidationError({"credential_env": "is a name that ends with _API_KEY or _API_TOKEN, and is none of the site's own secrets"})


def check_address(name: str) -> None:
    if name and not may_hold_address(name):
        raise ValidationError({"base_url_env": "is a name such as CLOD_DC_DFW_URL, or one that ends with _BASE_URL"})
