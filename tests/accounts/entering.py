"""How a test gets in as people do: by password, by the code in the newest mail, past being asked again."""

import re

from django.core import mail
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from tests.people import PASSWORD


def code_in_mail() -> str:
    found = re.search(r"^[A-Z]{4}-[A-Z]{4}$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found, mail.outbox[-1].body
    return found[0]


def with_password(user: User) -> User:
    user.set_password(PASSWORD)
    user.save()
    return user


def logged_in(user: User, user_agent: str = "", password: str = PASSWORD) -> Client:
    """A browser in which somebody typed their password."""
    visitor = Client(headers={"user-agent": user_agent})
    answer = visitor.post("/accounts/login/", {"login": user.email, "password": password})
    assert answer["Location"] == "/models", answer.content.decode()
    return visitor


def prove(visitor: Client, address: str) -> HttpResponse:
    """Go to a page that asks once more who it is, and answer by what it asks for."""
    asked = visitor.get(address)
    assert asked.status_code == 302, asked.content.decode()
    assert "/reauthenticate/" in asked["Location"]
    visitor.get(asked["Location"])
    way = {"code": code_in_mail()} if "/code/" in asked["Location"] else {"password": PASSWORD}
    return visitor.post(asked["Location"], {**way, "next": address})  # type: ignore[return-value]
