"""The text of an API key, and what is stored of it."""

import hmac
import re
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.test import override_settings

from accounts.models import User
from clod_site.lib import clock, crypto, ids
from projects import keys
from projects.models import ApiKey, Project

pytestmark = pytest.mark.django_db
OLD, NEW = "old pepper " * 4, "new pepper " * 4


def _key(project: Project, alice: User) -> tuple[ApiKey, str]:
    return keys.generate(project, name="ci", actor=alice)


def test_a_key_has_the_promised_format(project: Project, alice: User) -> None:
    api_key, text = _key(project, alice)
    assert re.fullmatch(r"clod_sk_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}[0-9A-Za-z]{6}", text)
    assert text.startswith(f"clod_sk_{api_key.public_id}_")
    assert keys.parse(text) == (api_key.public_id, text[21:64])


def test_two_keys_share_nothing(project: Project, alice: User) -> None:
    (first, first_text), (second, second_text) = _key(project, alice), _key(project, alice)
    assert first.public_id != second.public_id
    assert first_text[21:64] != second_text[21:64]


def test_the_checksum_refuses_every_single_typo(project: Project, alice: User) -> None:
    text = _key(project, alice)[1]
    for place in range(len(text)):
        for character in ids.ALPHABET + "_- é\0":
            if character != text[place]:
                assert keys.parse(text[:place] + character + text[place + 1 :]) is None, (place, character)


def test_what_is_left_out_added_or_swapped_is_refused(project: Project, alice: User) -> None:
    text = _key(project, alice)[1]
    swapped = [text[:place] + text[place + 1] + text[place] + text[place + 2 :] for place in range(len(text) - 1)]
    for other in (*swapped, text[:-1], text[1:], text + "0", f" {text}", f"{text}\n", text.lower(), text.upper(), ""):
        assert other == text or keys.parse(other) is None, other


def test_the_secret_is_kept_nowhere(project: Project, alice: User) -> None:
    api_key, text = _key(project, alice)
    secret = text[21:64]
    row = str(ApiKey.objects.filter(pk=api_key.pk).values().get())
    assert secret not in row
    assert bytes(api_key.digest) != secret.encode()
    assert bytes(api_key.digest) == hmac.digest(keys.settings.CLOD_KEY_PEPPERS[0].encode(), secret.encode(), "sha256")


def test_only_the_right_secret_under_the_right_pepper_matches(project: Project, alice: User) -> None:
    api_key, text = _key(project, alice)
    secret, digest = text[21:64], bytes(api_key.digest)
    assert keys.matches(secret, digest, api_key.pepper_id)
    assert not keys.matches(secret[:-1] + ("0" if secret[-1] != "0" else "1"), digest, api_key.pepper_id)
    assert not keys.matches(secret, bytes(32), api_key.pepper_id)
    assert not keys.matches(secret, digest, "unknown1")


def test_two_peppers_verify_and_the_newest_writes(project: Project, alice: User) -> None:
    with override_settings(CLOD_KEY_PEPPERS=(OLD,)):
        before, before_text = _key(project, alice)
    with override_settings(CLOD_KEY_PEPPERS=(NEW, OLD)):
        after, after_text = _key(project, alice)
        assert (before.pepper_id, after.pepper_id) == (crypto.pepper_id(OLD), crypto.pepper_id(NEW))
        for api_key, text in ((before, before_text), (after, after_text)):
            assert keys.matches(text[21:64], bytes(api_key.digest), api_key.pepper_id)
    with override_settings(CLOD_KEY_PEPPERS=(NEW,)):
        assert not keys.matches(before_text[21:64], bytes(before.digest), before.pepper_id)
        assert keys.matches(after_text[21:64], bytes(after.digest), after.pepper_id)


def test_secrets_are_compared_in_constant_time(project: Project, alice: User) -> None:
    api_key, text = _key(project, alice)
    with patch.object(hmac, "compare_digest", wraps=hmac.compare_digest) as compare:
        keys.parse(text)
        assert compare.call_count == 1
        keys.matches(text[21:64], bytes(api_key.digest), api_key.pepper_id)
        keys.matches("wrong", bytes(api_key.digest), api_key.pepper_id)
        assert compare.call_count == 3


def test_revoking_twice_keeps_the_first_instant_and_actor(project: Project, alice: User, bob: User) -> None:
    api_key = _key(project, alice)[0]
    keys.revoke(api_key, actor=alice)
    first = api_key.revoked_at
    assert first is not None
    assert clock.now() - first < timedelta(seconds=10)
    keys.revoke(ApiKey.objects.get(pk=api_key.pk), actor=bob)
    again = ApiKey.objects.get(pk=api_key.pk)
    assert (again.revoked_at, again.revoked_by) == (first, alice)
