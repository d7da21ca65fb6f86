"""What a caller is told when the answer is no: one exception, one shape on every surface."""

from typing import Any


class Refusal(Exception):
    """A no with its reason: HTTP status, machine-readable code, and a sentence that says what to do.

    ``extra`` holds facts a program can act on (``resets_at``, amounts); they are sent beside the code.
    """

    status = 400
    type = "invalid_request_error"
    code = "invalid_request"

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        retry_after_s: int | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.retry_after_s = retry_after_s
        self.extra = extra or {}

    def body(self) -> dict[str, Any]:
        """The OpenAI error object."""
        error = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return {"error": error | self.extra}
