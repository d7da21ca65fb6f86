"""How often anybody may try: by address on the net, and by account, alike for accounts that exist and those that do not."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from tests.accounts.entering import with_password
from tests.people import PASSWORD

NOBODY = "nobody@example.org"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def post(address: str, fields: dict[str, str], place: str = "192.0.2.1") -> HttpResponse:
    """By a new visitor, from that place on the net."""
    return Client(REMOTE_ADDR=place).post(address, fields)  # type: ignore[return-value]


def places(count: int) -> list[str]:
    return [f"198.51.100.{number}" for number in range(1, count + 1)]


def test_five_wrong_passwords_close_an_account_to_guessers_wherever_they_are(alice: User) -> None:
    with_password(alice)
    for place in places(5):
        post("/accounts/login/", {"login": alice.email, "password": "wrong"}, place)
    answer = post("/accounts/login/", {"login": alice.email, "password": PASSWORD}, "203.0.113.9")
    assert "Too many failed" in answer.content.decode()


def test_after_five_minutes_it_opens_again(alice: User) -> None:
    with_password(alice)
    with time_machine.travel(NOON) as time:
        for place in places(5):
            post("/accounts/login/", {"login": alice.email, "password": "wrong"}, place)
        time.shift(timedelta(minutes=5, seconds=1))
        assert post("/accounts/login/", {"login": alice.email, "password": PASSWORD}).status_code == 302


def test_one_place_tries_ten_accounts_a_minute_and_no_more(alice: User) -> None:
    with_password(alice)
    for number in range(10):
        post("/accounts/login/", {"login": f"guess-{number}@example.org", "password": "wrong"})
    assert "Too many failed" in post("/accounts/login/", {"login": alice.email, "password": PASSWORD}).content.decode()
    assert post("/accounts/login/", {"login": alice.email, "password": PASSWORD}, "203.0.113.9").status_code == 302


@pytest.mark.parametrize("ask", ["/accounts/login/code/", "/accounts/password/reset/"])
@pytest.mark.parametrize("address", ["alice@example.org", NOBODY])
def test_three_mails_a_minute_and_ten_an_hour_go_to_an_address(alice: User, ask: str, address: str) -> None:
    with time_machine.travel(NOON) as time:
        for minute in range(5):
            for place in places(5):
                post(ask, {"email": address}, place)
            assert len(mail.outbox) == min(3 * (minute + 1), 10)
            time.shift(timedelta(minutes=1, seconds=1))


@pytest.mark.parametrize(
    ("ask", "most"), [("/accounts/login/code/", 20), ("/accounts/password/reset/", 20), ("/accounts/signup/", 20), ("/accounts/login/", 30)]
)
def test_one_place_asks_so_often_a_minute(db: None, ask: str, most: int) -> None:
    field = "login" if ask == "/accounts/login/" else "email"
    with time_machine.travel(NOON, tick=False):
        answers = [post(ask, {field: f"{number}@example.org", "password": "x"}) for number in range(most + 1)]
    assert answers[-1].status_code == 429 or "Too many" in answers[-1].content.decode()
    assert not any(answer.status_code == 429 for answer in answers[:-1])


def test_too_many_tries_are_told_on_a_page(db: None) -> None:
    with time_machine.travel(NOON, tick=False):
        answers = [post("/accounts/signup/", {"email": f"{number}@example.org"}) for number in range(21)]
    assert "Wait a minute" in answers[-1].content.decode()


def test_a_guesser_of_codes_gets_thirty_tries_an_hour_of_twenty_five_billion(alice: User) -> None:
    tries = 0
    with time_machine.travel(NOON) as time:
        for place in [*places(30), *places(30)]:
            visitor = Client(REMOTE_ADDR=place)
            asked = visitor.post("/accounts/login/code/", {"email": alice.email})
            while asked.status_code == 302 and tries < 1000:
                answer = visitor.post("/accounts/login/code/confirm/", {"code": "BBBB-BBBB"})
                if answer.status_code != 200 and "confirm" not in answer.get("Location", ""):
                    tries += 1
                    break
                tries += 1
            time.shift(timedelta(seconds=55))
    assert tries == 30
