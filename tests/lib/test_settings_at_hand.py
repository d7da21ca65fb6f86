import pytest
from django.conf import settings as of_django
from django.test import override_settings

from clod_site.lib.at_hand import settings


def test_a_setting_is_what_django_says_while_it_is_overridden_and_afterwards():
    usual, read = of_django.CLOD_MAX_BODY_BYTES, settings.CLOD_MAX_BODY_BYTES
    assert read == usual
    with override_settings(CLOD_MAX_BODY_BYTES=7):
        overridden = settings.CLOD_MAX_BODY_BYTES
    assert (overridden, settings.CLOD_MAX_BODY_BYTES) == (7, usual)


def test_what_is_no_setting_is_none():
    with pytest.raises(AttributeError):
        settings.CLOD_NO_SUCH_THING  # noqa: B018
