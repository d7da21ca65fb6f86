"""Something of everything that a member's page may be of, by the words that addresses in tests.browser.pages hold."""

import pytest

from accounts.models import User
from activity.models import Request
from billing.models import TopUp
from clod_site.lib import clock, ids
from projects import keys
from projects.models import Project
from tests.activity.log import call
from tests.people import organization_of
from webhooks import registry, replay


@pytest.fixture
def words(alice: User, bob: User, project: Project) -> dict[str, str]:
    key, _ = keys.generate(project, name="dev", actor=alice)
    top_up = TopUp.objects.create(organization=organization_of(alice), idempotency_key="k", amount_nanousd=5, provider="demo")
    TopUp.objects.update(state="paid", paid_at=clock.now())
    row = call(project)
    assert Request.objects.get() == row
    webhook, _ = registry.add(organization_of(alice), url="http://127.0.0.1:9/", description="", event_types=[], actor=alice)
    replay.test(webhook)
    return {
        "webhook": webhook.public_id,
        "delivery": webhook.deliveries.get().public_id,
        "project": ids.public("proj", project.pk),
        "key": ids.public("key", key.pk),
        "request": ids.public("req", row.pk),
        "top_up": top_up.public_id,
        "member": ids.public("mem", bob.memberships.get().pk),
    }
