"""What Studio forgets with an account."""

from typing import Any

from accounts.models import User
from studio.models import StudioToken


def on_account_close(user: User, **_: Any) -> None:
    StudioToken.objects.filter(user=user).delete()
