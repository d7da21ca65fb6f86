"""Django's settings as plain attributes, for what reads a dozen of them in every call: ``from clod_site.lib.at_hand import settings``.

Django's own object asks itself at every read whether it is set up yet, which costs ten times as much. Overrides in tests are seen.
"""

from typing import Any

from django.conf import settings as of_django
from django.core.signals import setting_changed


class _AtHand:
    def __getattr__(self, name: str) -> Any:
        """Only of one that has not been read yet."""
        value = self.__dict__[name] = getattr(of_django, name)
        return value


settings = _AtHand()


def _forget(*, setting: str, **_: object) -> None:
    settings.__dict__.pop(setting, None)


setting_changed.connect(_forget)
