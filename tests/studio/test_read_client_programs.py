"""The docs show the programs that the tests run, with the reader's own address and a model of theirs."""

import pytest
from django.test import override_settings

from accounts import handbook
from studio import programs
from tests.people import browser


@pytest.mark.parametrize("client", handbook.CLIENTS, ids=lambda client: client.id)
@pytest.mark.parametrize(
    ("api_url", "connection"),
    [
        ("https://api.example.org/v1", 'HTTPSConnection("api.example.org")'),
        ("http://127.0.0.1:8123/v1", 'HTTPConnection("127.0.0.1", 8123)'),
    ],
)
def test_nothing_of_another_site_is_left(client: handbook.Client, api_url: str, connection: str) -> None:
    found = programs.under(client.name, api_url, "phi-4")
    assert found
    text = "\n".join(program.code for program in found)
    assert "127.0.0.1:8000" not in text
    assert "8000)" not in text
    assert "SmolLM2" not in text
    assert "phi-4" in text
    assert api_url in text
    assert (connection in text) is (client.id == "none")


@pytest.mark.django_db
def test_the_page_has_all_of_them() -> None:
    with override_settings(CLOD_API_URL="https://api.example.org/v1"):
        page = browser().get("/docs/clients").content.decode()
    assert page.count("api.example.org") >= 8
    assert "clod_sk_…" in page
