"""Everything the gateway refuses, and how it says so. Caught in one place per door.

Refusal                       clod_site.lib.refusal: status, code, message, what to do
├── InvalidRequest       400  the body is not what its address takes (this module)
├── … 401, 402, 503           keys and money: billing.refusals
├── … 403, 404, 503           names and routes: catalog.names, catalog.routing
├── NotHttp              400  the bytes are no request
├── AddressNotAllowed    403  the key may not be used from where the call comes
├── NoSuchPath           404
├── WrongMethod          405
├── NoTunnel             405
├── HeadTooSlow          408
├── BodyTooSlow          408
├── BodyTooLarge         413
├── EncodedBody          415
├── … 429                     rates: projects.limits, gateway.strangers
├── TooManyConnections   429
├── HeadTooLarge         431
├── TooBusy              503  so many connections or bodies that there is no room for more
├── UpstreamRefused      400  the upstream did not like the request; its own words
├── UpstreamFailed       502  every endpoint that was tried failed
├── UpstreamOverloaded   503  every endpoint that was tried has too much to do; when to come back
├── UpstreamTooSlow      504
├── Unavailable          503  a store we need is away
├── CutShort             502  a call repeated under its Idempotency-Key had ended early: the last event of what was kept
├── ShuttingDown         503
└── Unexpected           500  a defect of ours; the request id finds it in the log

ClientLeft               nobody is there to be told
"""

from django.conf import settings

from clod_site.lib.refusal import Refusal


class InvalidRequest(Refusal):
    pass


class NotHttp(Refusal):
    code = "invalid_http"

    def __init__(self) -> None:
        super().__init__("These bytes are not an HTTP/1.1 request. Check the request line, the headers and how the body is framed.")


class NoTunnel(Refusal):
    status, code = 405, "method_not_allowed"

    def __init__(self) -> None:
        super().__init__("This is no proxy: CONNECT is not taken.")


class HeadTooSlow(Refusal):
    status, code = 408, "headers_too_slow"


class HeadTooLarge(Refusal):
    status, code = 431, "headers_too_large"


class TooManyConnections(Refusal):
    status, type, code = 429, "rate_limit_error", "too_many_connections"

    def __init__(self, most: int) -> None:
        super().__init__(f"Your address has {most} calls running already. Let some end, and keep connections alive.", retry_after_s=1)


class TooBusy(Refusal):
    status, type, code = 503, "server_error", "too_busy"

    def __init__(self) -> None:
        super().__init__("This server has as many calls as it can hold. Try again in a second.", retry_after_s=1)


class AddressNotAllowed(Refusal):
    status, type, code = 403, "permission_error", "address_not_allowed"

    def __init__(self, address: str) -> None:
        super().__init__(f"This key may not be used from {address or 'an unknown address'}. Its addresses are listed under API Keys.")


class NoSuchPath(Refusal):
    status, code = 404, "not_found"


class WrongMethod(Refusal):
    status, code = 405, "method_not_allowed"

    def __init__(self, path: str, method: str, allowed: str) -> None:
        super().__init__(f"{path} takes {allowed}, not {method}.")
        self.allowed = allowed


class BodyTooSlow(Refusal):
    status, code = 408, "body_too_slow"


class BodyTooLarge(Refusal):
    status, code = 413, "body_too_large"

    def __init__(self) -> None:
        super().__init__(f"The body is larger than {settings.CLOD_MAX_BODY_BYTES // 1024**2} MiB. Send less text or smaller images.")


class EncodedBody(Refusal):
    status, code = 415, "unsupported_content_encoding"

    def __init__(self) -> None:
        super().__init__("Send the body as plain JSON, without a Content-Encoding.")


class UpstreamRefused(Refusal):
    code = "upstream_refused"


class UpstreamFailed(Refusal):
    status, type, code = 502, "server_error", "upstream_error"


class UpstreamOverloaded(Refusal):
    status, type, code = 503, "server_error", "upstream_overloaded"


class UpstreamTooSlow(Refusal):
    status, type, code = 504, "server_error", "upstream_timeout"


class Unavailable(Refusal):
    status, type, code = 503, "server_error", "unavailable"


class CutShort(Refusal):
    status, type, code = 502, "server_error", "idempotent_answer_incomplete"

    def __init__(self, why: Refusal | None) -> None:
        reason = why.message if why else "Its client left."
        super().__init__(
            f"The call with this Idempotency-Key ended early: {reason} What it had written by then was charged and is above; "
            "send a new key to ask again.",
            param="Idempotency-Key",
        )


class ShuttingDown(Refusal):
    status, type, code = 503, "server_error", "shutting_down"

    def __init__(self) -> None:
        super().__init__("The gateway is restarting. Try again.", retry_after_s=1)


class Unexpected(Refusal):
    status, type, code = 500, "server_error", "internal_error"

    def __init__(self, message: str = "Something went wrong in the gateway. The request id finds it in our log.") -> None:
        super().__init__(message)


class ClientLeft(Exception):
    """The client closed its connection before there was anything to send."""
