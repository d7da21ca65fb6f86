"""``manage.py rotate_encryption``: afterwards the newest key alone opens every secret, and nothing is lost on the way."""

from io import StringIO
from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.core.management import call_command

from accounts.models import User
from catalog import credentials
from catalog.models import DataCenter, Endpoint, Provider
from clod_site.lib import clock
from tests.people import organization_of
from webhooks import registry
from webhooks.models import Webhook

FORMER, NEWEST, LOST = "former " * 6, "newest " * 6, "lost " * 8


@pytest.fixture
def secrets(endpoint: Endpoint, alice: User, settings: Any) -> None:
    settings.CLOD_ENCRYPTION_KEYS = (FORMER,)
    webhook, _ = registry.add(organization_of(alice), url="https://example.org/hook", description="", event_types=(), actor=alice)
    registry.rotate(webhook, clock.now())
    for row, key in ((Provider.objects.get(), "sk-provider"), (DataCenter.objects.get(), "sk-site")):
        row.set_credential(key)
        row.save()
    for kind, data in (
        ("totp", {"secret": "JBSWY3DP"}),
        ("recovery_codes", {"seed": "abc", "used_mask": 3}),
        ("webauthn", {"credential": "x"}),
    ):
        sealed = {name: get_adapter().encrypt(value) if name in ("secret", "seed") else value for name, value in data.items()}
        Authenticator.objects.create(user=alice, type=kind, data=sealed)
    settings.CLOD_ENCRYPTION_KEYS = (NEWEST, FORMER)


def rotate() -> str:
    out = StringIO()
    call_command("rotate_encryption", stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("secrets")
def test_everything_opens_with_the_newest_key_alone(settings: Any) -> None:
    said = rotate()
    assert "API keys of providers            1 encrypted anew, 0 were already" in said
    assert "secrets of webhooks              2 encrypted anew, 0 were already" in said
    assert "second factors                   2 encrypted anew, 0 were already" in said
    assert "the others can go" in said
    settings.CLOD_ENCRYPTION_KEYS = (NEWEST,)
    assert (credentials.of(Provider.objects.get()), credentials.of(DataCenter.objects.get())) == ("sk-provider", "sk-site")
    assert len(Webhook.objects.get().secrets_at(clock.now())) == 2
    opened = {row.type: row.data for row in Authenticator.objects.all()}
    assert get_adapter().decrypt(opened["totp"]["secret"]) == "JBSWY3DP"
    assert (get_adapter().decrypt(opened["recovery_codes"]["seed"]), opened["recovery_codes"]["used_mask"]) == ("abc", 3)
    assert opened["webauthn"] == {"credential": "x"}


@pytest.mark.usefixtures("secrets")
def test_a_second_run_has_nothing_to_do() -> None:
    rotate()
    before = Provider.objects.get().credential_sealed
    assert "0 encrypted anew, 1 were already" in rotate()
    assert Provider.objects.get().credential_sealed == before


@pytest.mark.usefixtures("secrets")
def test_what_no_key_opens_is_named_and_left_and_the_rest_is_done(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.CLOD_ENCRYPTION_KEYS = (LOST,)
    provider = Provider.objects.get()
    provider.set_credential("sk-lost")
    provider.save()
    settings.CLOD_ENCRYPTION_KEYS = (NEWEST, FORMER)
    with pytest.raises(SystemExit) as ended:
        call_command("rotate_encryption")
    assert ended.value.code == 1
    said = capsys.readouterr()
    assert "provider CLōD" in said.err
    assert "sk-" not in said.out + said.err
    assert Provider.objects.get().credential_sealed == provider.credential_sealed
    settings.CLOD_ENCRYPTION_KEYS = (NEWEST,)
    assert credentials.of(DataCenter.objects.get()) == "sk-site"
