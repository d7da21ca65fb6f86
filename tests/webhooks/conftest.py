from collections.abc import Iterator

import pytest

from accounts.models import Organization, User
from tests.webhooks import receiver
from tests.webhooks.receiver import Receiver
from webhooks import registry
from webhooks.models import Webhook


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiver.running() as running:
        yield running


@pytest.fixture
def webhook(organization: Organization, alice: User, server: Receiver) -> Webhook:
    """Alice's, to the server's /ok, for everything."""
    return registry.add(organization, url=server.at(), description="", event_types=[], actor=alice)[0]
