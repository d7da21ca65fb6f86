"""Stripe's variables come together or not at all; without them production starts, and takes no payment."""

from pathlib import Path

import pytest

from tests.lib.test_settings import PRODUCTION, setting, start

STRIPE = {"CLOD_STRIPE_SECRET_KEY": "sk_live_hunter2", "CLOD_STRIPE_WEBHOOK_SECRET": "whsec_hunter2"}


@pytest.mark.parametrize("missing", sorted(STRIPE))
def test_one_without_the_other_is_refused_by_name(tmp_path: Path, missing: str) -> None:
    started = start(tmp_path, PRODUCTION | {name: value for name, value in STRIPE.items() if name != missing})
    assert started.returncode == 1
    assert started.stderr.startswith(f"CLōD cannot start: {missing} is not set")
    assert "hunter2" not in started.stderr


def test_browsers_may_follow_the_form_to_the_payment_page_where_there_is_one(tmp_path: Path) -> None:
    show = "s.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action']"
    assert setting(tmp_path, PRODUCTION, show) == ["'self'"]
    assert setting(tmp_path, PRODUCTION | STRIPE, show) == ["'self'", "https://checkout.stripe.com"]


def test_several_webhook_secrets_are_read_while_they_are_rotated(tmp_path: Path) -> None:
    rotated = PRODUCTION | STRIPE | {"CLOD_STRIPE_WEBHOOK_SECRET": "whsec_new,whsec_old"}
    assert setting(tmp_path, rotated, "s.CLOD_STRIPE_WEBHOOK_SECRETS") == ["whsec_new", "whsec_old"]
