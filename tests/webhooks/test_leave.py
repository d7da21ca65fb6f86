"""Webhooks in the export of an owner's data, and when an organization closes."""

import pytest

from accounts import leaving
from accounts.models import Organization, User
from projects import keys
from projects.models import Project
from tests.accounts.test_export_data import exported
from tests.webhooks.receiver import Receiver
from webhooks import tasks
from webhooks.models import Delivery, Event, Webhook

pytestmark = pytest.mark.django_db


def test_an_owner_takes_them_out_without_secrets(alice: User, project: Project, webhook: Webhook) -> None:
    keys.generate(project, name="laptop", actor=alice)
    tasks.deliver()
    found = exported(alice)
    (told,) = found["organization-1/webhooks.json"]
    assert (told["url"], told["created_by"]) == (webhook.url, alice.email)
    (delivery,) = found["organization-1/webhook_deliveries.json"]
    assert (delivery["state"], delivery["status"], delivery["answer"]) == ("sent", 200, "thanks")
    assert '"api_key.created"' in delivery["body"]
    assert webhook.secret_sealed not in str(found)
    assert "whsec_" not in str(found)


def test_a_closed_organization_tells_nobody_anything(
    alice: User, organization: Organization, project: Project, webhook: Webhook, server: Receiver
) -> None:
    keys.generate(project, name="laptop", actor=alice)
    leaving.delete_account(alice)
    tasks.deliver()
    assert server.got == []
    assert not any(table.objects.exists() for table in (Webhook, Event, Delivery))
