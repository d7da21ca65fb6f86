"""Proving once more that it is you, before something dangerous: by password, second factor, or a code to your address.

allauth lets people through who have neither a password nor a second factor; here they are mailed a code.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows import reauthentication as flows
from allauth.account.internal.flows.code_verification import AbstractCodeVerificationProcess
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.core.exceptions import ReauthenticationRequired
from allauth.core.internal import ratelimit
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

STATE = "reauthentication_code"
View = Callable[..., HttpResponseBase]


def method() -> dict[str, Any]:
    """As allauth lists the ways to prove it."""
    return {"id": "reauthenticate:code", "description": "Use a code by mail", "url": reverse("reauthenticate_by_code")}


def required(view: View) -> View:
    """A view for who has proved it in the last minutes; others prove it first, and come back."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        flows.raise_if_reauthentication_required(request, app="allauth.account")
        return view(request, *args, **kwargs)

    return guarded


def require_code(request: HttpRequest) -> None:
    """Raises ReauthenticationRequired for who can prove it by a code alone and has not lately."""
    if request.user.is_authenticated and not flows.get_reauthentication_flows(request.user) and not _is_recent(request):
        raise ReauthenticationRequired


def _is_recent(request: HttpRequest) -> bool:
    proofs = [record["at"] for record in get_authentication_records(request, request.user) if record["method"] == "code"]
    return bool(proofs) and time.time() - proofs[-1] < app_settings.REAUTHENTICATION_TIMEOUT


class CodeProcess(AbstractCodeVerificationProcess):  # type: ignore[misc]
    """A code on its way to the person's own address; it lives in their session, for as long and as many tries as one to log in."""

    def __init__(self, request: HttpRequest, state: dict[str, Any]) -> None:
        self.request = request
        super().__init__(app_settings.LOGIN_BY_CODE_MAX_ATTEMPTS, app_settings.LOGIN_BY_CODE_TIMEOUT, state, request.user)

    @classmethod
    def begin(cls, request: HttpRequest) -> "CodeProcess | None":
        """Sends a code. None when too many were sent lately."""
        address = request.user.email  # type: ignore[union-attr]  # for people who are logged in only
        if not ratelimit.consume(request, app="allauth.account", action="request_login_code", key=address, limit_get=True):
            return None
        process = cls(request, cls.initial_state(user=request.user, email=address))
        process.send()
        process.persist()
        return process

    @classmethod
    def resume(cls, request: HttpRequest) -> "CodeProcess | None":
        """The code that was sent last, while it is good."""
        state = request.session.get(STATE)
        process = cls(request, state) if state else None
        return process.abort_if_invalid() if process else None

    def send(self) -> None:
        adapter = get_adapter()
        self.state["code"] = adapter.generate_login_code()
        adapter.send_mail("account/email/reauthentication_code", self.state["email"], {"request": self.request, "code": self.code})

    def persist(self) -> None:
        self.request.session[STATE] = self.state

    def abort(self) -> None:
        self.request.session.pop(STATE, None)

    def finish(self) -> None:
        self.abort()
        record_authentication(self.request, self.request.user, method="code", email=self.state["email"], reauthenticated=True)
