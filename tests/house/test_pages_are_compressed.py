"""Pages travel compressed; answers that are sent as they are made do not wait for gzip."""

import gzip

import pytest
from django.test import Client

from accounts.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.any_store]
ASKED = {"Accept-Encoding": "gzip, br"}


def test_a_page_is_compressed_for_who_takes_it(client: Client) -> None:
    plain, packed = client.get("/docs/quickstart"), client.get("/docs/quickstart", headers=ASKED)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert gzip.decompress(packed.content) == plain.content
    assert len(packed.content) < len(plain.content) / 2


def test_who_says_that_they_take_no_gzip_gets_none(client: Client) -> None:
    for refusal in ("gzip;q=0", "br, gzip; q=0.0", "gzip;q=0, br"):
        assert "Content-Encoding" not in client.get("/docs/quickstart", headers={"Accept-Encoding": refusal}).headers
    assert client.get("/docs/quickstart", headers={"Accept-Encoding": "gzip;q=0.5"}).headers["Content-Encoding"] == "gzip"


def test_what_is_sent_as_it_is_made_is_not(client: Client, alice: User) -> None:
    client.force_login(alice)
    answer = client.get("/activity.csv", headers=ASKED)
    assert answer.streaming
    assert "Content-Encoding" not in answer.headers
