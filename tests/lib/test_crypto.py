import pytest

from clod_site.lib import crypto


def test_what_is_encrypted_opens_again_and_does_not_show(settings):
    settings.CLOD_ENCRYPTION_KEYS = ("a new key",)
    sealed = crypto.encrypt("sk-upstream")
    assert "sk-upstream" not in sealed
    assert crypto.decrypt(sealed) == "sk-upstream"
    assert crypto.encrypt("sk-upstream") != sealed


def test_a_rotated_key_still_opens_what_it_sealed(settings):
    settings.CLOD_ENCRYPTION_KEYS = ("old",)
    sealed = crypto.encrypt("secret")
    settings.CLOD_ENCRYPTION_KEYS = ("new", "old")
    assert crypto.decrypt(sealed) == "secret"


def test_the_newest_key_is_the_one_that_seals(settings):
    settings.CLOD_ENCRYPTION_KEYS = ("new", "old")
    sealed = crypto.encrypt("secret")
    settings.CLOD_ENCRYPTION_KEYS = ("new",)
    assert crypto.decrypt(sealed) == "secret"


def test_a_value_no_key_opens_says_which_variable_to_mend(settings):
    settings.CLOD_ENCRYPTION_KEYS = ("old",)
    sealed = crypto.encrypt("secret")
    settings.CLOD_ENCRYPTION_KEYS = ("new",)
    with pytest.raises(ValueError, match="CLOD_ENCRYPTION_KEYS"):
        crypto.decrypt(sealed)


def test_a_changed_ciphertext_does_not_open(settings):
    settings.CLOD_ENCRYPTION_KEYS = ("key",)
    sealed = crypto.encrypt("secret")
    other = "A" if sealed[20] != "A" else "B"
    with pytest.raises(ValueError, match="CLOD_ENCRYPTION_KEYS"):
        crypto.decrypt(sealed[:20] + other + sealed[21:])


def test_a_digest_depends_on_the_secret_and_on_the_pepper():
    digests = {crypto.peppered_digest(secret, pepper) for secret in ("a", "b") for pepper in ("x", "y")}
    assert len(digests) == 4
    assert {len(digest) for digest in digests} == {32}


def test_a_pepper_s_name_does_not_give_it_away():
    assert crypto.pepper_id("pepper") == crypto.pepper_id("pepper") != crypto.pepper_id("salt")
    assert len(crypto.pepper_id("pepper")) == 8
