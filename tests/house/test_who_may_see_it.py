"""Every page of a member: visitors log in first, other organizations find nothing, viewers read and write nothing."""

import pytest
from django.test import Client

from accounts.models import User
from activity.models import Request
from billing.models import TopUp
from clod_site.lib import clock, ids
from projects import keys
from projects.models import Project
from tests.activity.log import call
from tests.browser import pages
from tests.people import browser, organization_of
from webhooks import registry, replay

WRITING = {"project-new", "key-new", "key-rotate", "key-revoke", "key-restrictions"}  # forms: a viewer has no use for them
WRITING |= {"project-encryption-switch", "team-invite", "member", "member-remove", "member-transfer", "audit-log"}
WRITING |= {name for name in pages.MEMBERS if name.startswith("webhook")}
OWN_ALONE = {name: address for name, address in pages.MEMBERS.items() if "{" in address}


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


@pytest.mark.parametrize("name", sorted(pages.MEMBERS.keys() - {"not-found", "log-out"}))
def test_a_visitor_is_asked_to_log_in_and_comes_back(name: str, words: dict[str, str]) -> None:
    address = pages.MEMBERS[name].format(**words)
    answer = Client().get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=")


@pytest.mark.parametrize("name", sorted(OWN_ALONE))
def test_for_another_organization_it_does_not_exist(name: str, words: dict[str, str], charlie: User, alice: User) -> None:
    address = OWN_ALONE[name].format(**words)
    assert browser(charlie).get(address).status_code == 404
    assert browser(charlie).post(address).status_code in {404, 405}


@pytest.mark.parametrize("name", sorted(pages.MEMBERS.keys() - {"not-found", "password"}))
def test_who_belongs_there_reads_it(name: str, words: dict[str, str], alice: User, bob: User, viewer: User) -> None:
    address = pages.MEMBERS[name].format(**words)
    assert browser(alice).get(address).status_code == 200
    assert browser(bob).get(address).status_code in {200, 403}
    assert browser(viewer).get(address).status_code in ({403} if name in WRITING else {200})
