"""Taking one's data out: a zip of JSON, of oneself and of the organizations one owns."""

import asyncio
import io
import json
import zipfile
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts import export
from accounts.models import Organization, Role, User
from billing import ledger
from billing.models import Wallet
from clod_site.lib.money import usd
from clod_site.lib.streaming import Streamed
from projects import keys
from projects.models import Project
from tests.accounts.entering import logged_in, prove, with_password
from tests.activity import log, said
from tests.people import browser, join, owner

PAGE, FILE = "/settings/export", "/settings/export/data.zip"

pytestmark = pytest.mark.django_db


def proved(user: User) -> Client:
    visitor = logged_in(with_password(user))
    prove(visitor, PAGE)
    return visitor


def files(content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


def exported(user: User) -> dict[str, Any]:
    return files(b"".join(export.zipped(user)))


def test_it_asks_once_more_who_is_there_for_page_and_file(alice: User) -> None:
    for address in (PAGE, FILE):
        assert "/reauthenticate/" in logged_in(with_password(alice)).get(address)["Location"]
        assert browser().get(address)["Location"].startswith("/accounts/login/")


def test_an_owner_takes_everything_out(alice: User, bob: User, project: Project) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    api_key, _ = keys.generate(project, name="laptop", actor=alice)
    said.keep(log.call(project, price_tick=None, api_key=api_key))
    visitor = proved(alice)
    assert "Download" in visitor.get(PAGE).content.decode()
    answer = visitor.get(FILE)
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"].endswith('.zip"')
    found = files(b"".join(answer.streaming_content))  # type: ignore[arg-type,attr-defined]
    folder = "organization-1"
    assert found["account.json"]["email"] == alice.email
    assert found["account.json"]["addresses"] == [{"email": alice.email, "verified": True, "primary": True}]
    assert found["account.json"]["devices"]
    assert {member["email"] for member in found[f"{folder}/organization.json"]["members"]} == {alice.email, bob.email}
    assert [row["name"] for row in found[f"{folder}/projects.json"]] == ["Default"]
    assert found[f"{folder}/api_keys.json"][0]["prefix"] == api_key.prefix
    assert found[f"{folder}/requests.json"][0]["model"] == "llama"
    (kept,) = found[f"{folder}/prompts_and_answers.json"]
    assert kept["request"] == found[f"{folder}/requests.json"][0]["id"]
    assert kept["body"]["request"]["messages"]
    assert found[f"{folder}/statement.json"] == []
    assert found[f"{folder}/invitations.json"] == []
    assert "sign_in.log_in" in {event["deed"] for event in found[f"{folder}/audit_log.json"]}


def test_no_secret_is_in_it(alice: User, project: Project) -> None:
    _, text = keys.generate(project, name="laptop", actor=alice)
    with_password(alice)
    Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={"secret": "gAAAA-the-secret"})
    told = json.dumps(exported(alice))
    for secret in (text, text.rpartition("_")[2], alice.password, "gAAAA-the-secret"):
        assert secret not in told
    assert exported(alice)["account.json"]["has_password"] is True


def test_bob_and_the_viewer_take_out_themselves_only(bob: User, viewer: User, organization: Organization) -> None:
    for person in (bob, viewer):
        assert list(exported(person)) == ["account.json"]
        assert exported(person)["account.json"]["memberships"][0]["organization"] == organization.name
        assert "You own no organization" in proved(person).get(PAGE).content.decode()


def test_charlie_finds_nothing_of_theirs(alice: User, charlie: User, project: Project) -> None:
    log.call(project, price_tick=None)
    told = json.dumps(exported(charlie))
    assert alice.email not in told
    assert str(project.organization_id) not in told


def test_a_second_owner_takes_it_out_too(alice: User, organization: Organization) -> None:
    heir = join(organization, "olga", Role.OWNER)
    assert "organization-1/projects.json" in exported(heir)


@pytest.mark.usefixtures("ledger_db")
def test_the_statement_is_told_to_the_last_digit() -> None:
    alice = owner("alice")
    wallet = Wallet.objects.get(organization__members=alice)
    ledger.credit(wallet.pk, usd("0.000000001"), key="gift", reason="test")
    entry = exported(alice)["organization-1/statement.json"][0]
    assert (entry["amount_usd"], entry["reason"]) == ("0.000000001", "test")


def test_a_long_log_is_sent_in_pieces(alice: User, project: Project) -> None:
    for _ in range(60):
        log.call(project, price_tick=None)
    pieces = list(export.zipped(alice))
    assert len(pieces) > 5
    assert len(files(b"".join(pieces))["organization-1/requests.json"]) == 60


def test_an_asynchronous_server_gets_the_pieces_one_by_one() -> None:
    made: list[int] = []

    def making() -> Any:
        for number in range(3):
            made.append(number)
            yield str(number).encode()

    async def reading() -> list[tuple[bytes, int]]:
        return [(piece, len(made)) async for piece in Streamed(making())]

    assert asyncio.run(reading()) == [(b"0", 1), (b"1", 2), (b"2", 3)]


def test_exports_are_bounded_by_the_hour(alice: User) -> None:
    visitor = proved(alice)
    answers = [visitor.get(FILE).status_code for _ in range(7)]
    assert answers == [200] * 6 + [429]
