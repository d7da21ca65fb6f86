"""Calls to endpoints: several attempts under one deadline, failing over until the first byte of an answer, never after it."""

from gateway.upstream.answer import Answer
from gateway.upstream.attempt import Attempt, Candidate
from gateway.upstream.caller import Caller
from gateway.upstream.pools import close_client

__all__ = ["Answer", "Attempt", "Caller", "Candidate", "close_client"]
