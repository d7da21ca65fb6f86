"""Everything the gateway refuses, and how it says so. Caught in one place per door.

Refusal                       clod_site.lib.refusal: status, code, message, what to do
├── InvalidRequest       400  the body is not a chat completion (this module)
├── … 401, 402, 503           keys and money: billing.refusals
├── … 403, 404, 503           names and routes: catalog.names, catalog.routing
├── NoSuchPath           404
├── WrongMethod          405
├── BodyTooSlow          408
├── BodyTooLarge         413
├── EncodedBody          415
├── UpstreamRefused      400  the upstream did not like the request; its own words
├── UpstreamFailed       502  every endpoint that was tried failed
├── UpstreamTooSlow      504
├── Unavailable          503  a store we need is away
├── ShuttingDown         503
└── Unexpected           500  a defect of ours; the request id finds it in the log

ClientLeft               nobody is there to be told
"""

from clod_site.lib.refusal import Refusal


class InvalidRequest(Refusal):
    pass


class NoSuchPath(Refusal):
    status, code = 404, "not_found"


class WrongMethod(Refusal):
    status, code = 405, "method_not_allowed"


class BodyTooSlow(Refusal):
    status, code = 408, "body_too_slow"


class BodyTooLarge(Refusal):
    status, code = 413, "body_too_large"


class EncodedBody(Refusal):
    status, code = 415, "unsupported_content_encoding"


class UpstreamRefused(Refusal):
    code = "upstream_refused"


class UpstreamFailed(Refusal):
    status, type, code = 502, "server_error", "upstream_error"


class UpstreamTooSlow(Refusal):
    status, type, code = 504, "server_error", "upstream_timeout"


class Unavailable(Refusal):
    status, type, code = 503, "server_error", "unavailable"


class ShuttingDown(Refusal):
    status, type, code = 503, "server_error", "shutting_down"


class Unexpected(Refusal):
    status, type, code = 500, "server_error", "internal_error"


class ClientLeft(Exception):
    """The client closed its connection before there was anything to send."""
