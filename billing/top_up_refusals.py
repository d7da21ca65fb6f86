"""Why a top-up is not ordered.

Refusal
├── KeyMissing       400 idempotency_key_required
├── BadAmount        400 invalid_amount
├── Declined         402 payment_declined
├── NotYours         403 top_up_not_allowed: a developer or viewer, or a suspended organization
├── KeyUsed          422 idempotency_key_reused: the same key with another amount
├── TooMany          429 too_many_top_ups
├── NotConfigured    503 payments_not_configured
└── Unreachable      503 payment_provider_unavailable: try again with the same key
"""

from clod_site.lib.refusal import Refusal


class KeyMissing(Refusal):
    code = "idempotency_key_required"


class BadAmount(Refusal):
    code = "invalid_amount"


class NotYours(Refusal):
    status, type, code = 403, "permission_error", "top_up_not_allowed"


class Declined(Refusal):
    status, type, code = 402, "payment_error", "payment_declined"


class KeyUsed(Refusal):
    status, code = 422, "idempotency_key_reused"


class TooMany(Refusal):
    status, type, code = 429, "rate_limit_error", "too_many_top_ups"


class NotConfigured(Refusal):
    status, type, code = 503, "server_error", "payments_not_configured"


class Unreachable(Refusal):
    status, type, code = 503, "server_error", "payment_provider_unavailable"
