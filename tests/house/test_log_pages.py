"""What the log says of pages: one line each, with an id that the visitor has too, and no address that opens anything."""

import json
from io import StringIO

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from accounts.models import User
from clod_site.lib import ids
from clod_site.page_log import seconds
from tests.people import browser, organization_of

CANARY = "canary0123456789abcdef"


def broken(request: HttpRequest, token: str) -> HttpResponse:
    raise ValueError(f"cannot take {token} of {request.GET}")


urlpatterns = [path("invitations/<str:token>", broken), path("api/broken/<str:token>", broken)]
handler500 = "clod_site.refusals.server_error"
BROKEN = override_settings(ROOT_URLCONF=__name__)


@pytest.mark.django_db
@override_settings(CLOD_ACCESS_LOG=True)
def test_a_page_is_told_once_with_its_route_and_who_saw_it(alice: User, capsys: pytest.CaptureFixture[str]) -> None:
    visit = browser(alice)
    before = seconds.count("2xx")
    answer = visit.get(f"/projects?token={CANARY}")
    said = json.loads(capsys.readouterr().err)
    assert (said["event"], said["route"], said["status"], said["method"]) == ("page", "/projects", 200, "GET")
    assert said["request_id"] == answer.headers["x-request-id"]
    assert said["user"] == ids.public("user", alice.pk)
    assert said["organization"] == ids.public("org", organization_of(alice).pk)
    assert CANARY not in json.dumps(said)
    assert seconds.count("2xx") == before + 1


@pytest.mark.django_db
@override_settings(CLOD_ACCESS_LOG=True)
def test_what_is_not_there_has_no_route(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    assert client.get(f"/nowhere/{CANARY}").status_code == 404
    written = capsys.readouterr().err
    assert json.loads(written)["route"] == "–"
    assert CANARY not in written


@pytest.mark.django_db
@BROKEN
@pytest.mark.parametrize("address", ["invitations", "api/broken"])
def test_a_broken_page_leaves_neither_its_address_nor_its_words(client: Client, production_log: StringIO, address: str) -> None:
    client.raise_request_exception = False
    answer = client.get(f"/{address}/{CANARY}?q={CANARY}", headers={"Authorization": f"Bearer {CANARY}"})
    assert answer.status_code == 500
    assert CANARY not in production_log.getvalue()
    said = json.loads(production_log.getvalue())
    assert said["request_id"] == answer.headers["x-request-id"]
    assert f"/{address}/<str:token>" in said["event"]
    assert "in broken" in said["exception"]
    assert "ValueError: [" in said["exception"]
