"""Google and GitHub open accounts where both their variables are set."""

import pytest

from tests.lib.test_settings import PRODUCTION, setting, start

SHOW = "[list(s.SOCIALACCOUNT_PROVIDERS), s.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action']]"


def test_without_variables_there_are_none(tmp_path):
    assert setting(tmp_path, {}, SHOW) == [[], ["'self'"]]


def test_with_both_variables_it_is_offered_and_forms_may_lead_there(tmp_path):
    both = {"CLOD_GOOGLE_CLIENT_ID": "a", "CLOD_GOOGLE_CLIENT_SECRET": "b", "CLOD_GITHUB_CLIENT_ID": "c", "CLOD_GITHUB_CLIENT_SECRET": "d"}
    assert setting(tmp_path, both, SHOW) == [["google", "github"], ["'self'", "https://accounts.google.com", "https://github.com"]]


def test_a_github_of_ones_own_is_named_in_the_policy(tmp_path):
    own = {"CLOD_GITHUB_CLIENT_ID": "c", "CLOD_GITHUB_CLIENT_SECRET": "d", "CLOD_GITHUB_URL": "https://git.example.org/"}
    assert setting(tmp_path, own, SHOW) == [["github"], ["'self'", "https://git.example.org"]]


@pytest.mark.parametrize(("given", "missing"), [("CLIENT_ID", "CLIENT_SECRET"), ("CLIENT_SECRET", "CLIENT_ID")])
@pytest.mark.parametrize("name", ["GOOGLE", "GITHUB"])
def test_one_of_the_two_alone_is_refused_and_the_other_named(tmp_path, name, given, missing):
    started = start(tmp_path, {f"CLOD_{name}_{given}": "hunter2"})
    assert started.returncode == 1
    assert started.stderr.startswith(f"CLōD cannot start: CLOD_{name}_{missing} is not set.")
    assert "hunter2" not in started.stderr


def test_production_verifies_addresses_and_takes_passkeys_over_https_alone(tmp_path):
    show = "[s.ACCOUNT_EMAIL_VERIFICATION, s.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN, s.MFA_ALLOW_UNVERIFIED_EMAIL]"
    assert setting(tmp_path, PRODUCTION | {"CLOD_VERIFY_EMAIL": "0"}, show) == ["mandatory", False, False]
