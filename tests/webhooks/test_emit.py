"""What happens is written beside the rows that change, wherever they are changed from, and only if they are."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Membership, Organization, Role, User
from billing import payment_events, tasks
from billing.models import BudgetPeriod, FactKind, LedgerEntry, TopUp, Wallet
from billing.payments.port import Event as Payment
from clod_site.lib import clock, ids
from clod_site.lib.money import usd
from projects import keys
from projects.models import ApiKey, Project
from tests.people import browser, join, organization_of
from tests.projects import pages
from webhooks import events, registry
from webhooks.event_types import KEY_CREATED, NAMES
from webhooks.models import Delivery, Event, Webhook

pytestmark = pytest.mark.django_db


def told() -> list[str]:
    return list(Event.objects.order_by("id").values_list("type", flat=True))


def newest() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(Event.objects.order_by("-id")[0].body)["data"]
    return data


def test_where_no_webhook_wants_to_know_nothing_is_written(project: Project, alice: User) -> None:
    keys.generate(project, name="laptop", actor=alice)
    assert not Event.objects.exists()


def test_an_event_is_written_once_and_delivered_to_each_that_wants_it(organization: Organization, webhook: Webhook, charlie: User) -> None:
    registry.add(organization, url="http://127.0.0.1/keys", description="", event_types=[KEY_CREATED], actor=None)
    registry.add(organization, url="http://127.0.0.1/money", description="", event_types=["wallet.low"], actor=None)
    registry.add(organization_of(charlie), url="http://127.0.0.1/charlie", description="", event_types=[], actor=None)
    events.emit(organization.pk, KEY_CREATED, {"n": 1})
    assert told() == [KEY_CREATED]
    assert sorted(Delivery.objects.values_list("webhook__url", flat=True)) == sorted([webhook.url, "http://127.0.0.1/keys"])
    sent = json.loads(Event.objects.get().body)
    assert (sent["id"], sent["type"], sent["data"]) == (Event.objects.get().public_id, KEY_CREATED, {"n": 1})


def test_what_is_rolled_back_is_told_to_nobody(project: Project, alice: User, webhook: Webhook) -> None:
    with transaction.atomic():
        keys.generate(project, name="laptop", actor=alice)
        assert Event.objects.exists()
        transaction.set_rollback(True)
    assert not ApiKey.objects.exists()
    assert not Event.objects.exists()
    assert not Delivery.objects.exists()


def test_a_key_s_life_is_told_and_never_its_secret(project: Project, alice: User, webhook: Webhook) -> None:
    api_key, text = keys.generate(project, name="laptop", actor=alice)
    keys.disable(api_key)
    keys.disable(api_key)
    keys.enable(api_key)
    keys.enable(api_key)
    successor, other = keys.rotate(api_key, actor=alice, overlap=timedelta(hours=1))
    assert newest()["successor"]["id"] == ids.public("key", successor.pk)
    assert newest()["works_until"] == events.instant(api_key.expires_at)  # type: ignore[arg-type]
    keys.revoke(successor, actor=alice)
    keys.revoke(successor, actor=alice)
    assert told() == ["api_key.created", "api_key.disabled", "api_key.enabled", "api_key.rotated", "api_key.revoked"]
    assert newest()["api_key"] | {"created_at": 0} == {
        "id": ids.public("key", successor.pk),
        "name": "laptop",
        "prefix": successor.prefix,
        "created_at": 0,
        "expires_at": None,
    }
    assert newest()["project"] == {"id": ids.public("proj", project.pk), "name": project.name}
    written = "".join(Event.objects.values_list("body", flat=True))
    for full in (text, other):
        assert full.rpartition("_")[2] not in written
    for row in ApiKey.objects.all():
        assert bytes(row.digest).hex() not in written


def test_a_rotation_without_overlap_revokes_the_old_key_too(project: Project, alice: User, webhook: Webhook) -> None:
    api_key, _ = keys.generate(project, name="laptop", actor=alice)
    keys.rotate(api_key, actor=alice, overlap=timedelta())
    assert told() == ["api_key.created", "api_key.rotated", "api_key.revoked"]
    assert newest()["api_key"]["id"] == ids.public("key", api_key.pk)


def test_caps_changed_on_the_dashboard_are_told_with_before_and_after(project: Project, alice: User, webhook: Webhook) -> None:
    visit = browser(alice)
    form = {"daily_cap_nanousd": "5", "monthly_cap_nanousd": "", "sends_alerts": "on"}
    visit.post(pages.of(project, "budgets"), form)
    visit.post(pages.of(project, "budgets"), form)
    assert told() == ["project.cap_changed"]
    nothing = {"daily_cap_usd": None, "daily_cap_nanousd": None, "monthly_cap_usd": None, "monthly_cap_nanousd": None}
    assert newest()["before"] == nothing
    assert newest()["after"] == nothing | {"daily_cap_usd": "5", "daily_cap_nanousd": usd("5")}
    api_key, _ = keys.generate(project, name="laptop", actor=alice)
    visit.post(pages.of_key(api_key), {"daily_cap_nanousd": "1.50", "monthly_cap_nanousd": ""})
    assert told()[-1] == "api_key.cap_changed"
    assert newest()["after"]["daily_cap_usd"] == "1.5"


def test_caps_changed_by_an_operator_are_told_as_well(project: Project, webhook: Webhook) -> None:
    operator = browser(User.objects.create_superuser("olga@example.org", None))
    address = f"/admin/projects/project/{project.pk}/change/"
    form = {"name": project.name, "organization": str(project.organization_id), "daily_cap_nanousd": "7", "monthly_cap_nanousd": ""}
    nested = {f"{name}-{part}": "0" for name in ("recipients", "api_keys") for part in ("TOTAL_FORMS", "INITIAL_FORMS")}
    for _ in range(2):
        answer = operator.post(address, form | nested | {"is_default": "on", "sends_alerts": "on"})
        assert answer.status_code == 302, answer.content.decode()[:2000]
    assert told() == ["project.cap_changed"]
    assert newest()["after"]["daily_cap_usd"] == "7"


def test_a_reached_cap_is_told_once_with_what_a_program_needs(project: Project, webhook: Webhook) -> None:
    Project.objects.update(daily_cap_nanousd=usd("20"))
    day = clock.day_key("UTC", clock.now())
    BudgetPeriod.objects.create(project=project, period_key=day, spent_nanousd=usd("17"))
    tasks.alert_about_budgets()
    tasks.alert_about_budgets()
    assert told() == ["budget.threshold_reached"]
    data = newest()
    assert data.pop("resets_at").startswith(f"{clock.next_day('UTC', clock.now()):%Y-%m-%d}T00:00:00")
    assert data == {
        "project": {"id": ids.public("proj", project.pk), "name": project.name},
        "api_key": None,
        "period": "day",
        "period_key": day,
        "percent": 80,
        "percent_spent": 85,
        "spent_usd": "17",
        "spent_nanousd": usd("17"),
        "cap_usd": "20",
        "cap_nanousd": usd("20"),
    }


def test_a_low_wallet_is_told_once(organization: Organization, webhook: Webhook) -> None:
    wallet = Wallet.objects.get(organization=organization)
    LedgerEntry.objects.create(
        wallet=wallet, kind="credit", amount_nanousd=usd("0.5"), balance_after_nanousd=usd("0.5"), reference="r", reason="r"
    )
    Wallet.objects.update(balance_nanousd=usd("0.5"))
    tasks.tend_top_ups()
    tasks.tend_top_ups()
    assert told() == ["wallet.low"]
    assert newest() == {"balance_usd": "0.5", "balance_nanousd": usd("0.5"), "threshold_usd": "1", "threshold_nanousd": usd("1")}


def test_a_paid_top_up_is_told_once_however_often_it_is_said(organization: Organization, webhook: Webhook) -> None:
    top_up = TopUp.objects.create(organization=organization, idempotency_key="k", amount_nanousd=usd("25"), provider="demo")
    for number in range(2):
        said = Payment(
            id=f"evt-{number}",
            type="paid",
            kind=FactKind.PAID,
            happened_at=clock.now(),
            order=top_up.public_id,
            amount_nanousd=usd("25"),
            currency="usd",
        )
        stored = payment_events.store("demo", said)
        type(stored).objects.filter(pk=stored.pk).update(top_up=top_up)
        assert payment_events.judge(top_up.pk).is_paid
    assert told() == ["wallet.topped_up"]
    assert newest()["top_up"] == {"id": top_up.public_id, "amount_usd": "25", "amount_nanousd": usd("25"), "is_automatic": False}


def test_members_who_come_and_go_are_told(organization: Organization, webhook: Webhook) -> None:
    dora = join(organization, "dora", Role.VIEWER)
    membership = Membership.objects.get(user=dora)
    Membership.objects.filter(pk=membership.pk).update(role=Role.ADMIN)
    told_of = {"id": ids.public("mem", membership.pk), "email": dora.email, "role": "viewer"}
    assert newest() == {"member": told_of}
    Membership.objects.get(user=dora).delete()
    assert told() == ["member.joined", "member.left"]
    assert newest() == {"member": told_of | {"role": "admin"}}


def test_what_happens_while_it_is_disabled_is_kept_as_failed(organization: Organization, webhook: Webhook) -> None:
    registry.disable(webhook)
    events.emit(organization.pk, KEY_CREATED, {})
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.answer) == ("failed", "Not sent: the webhook was disabled.")


def test_every_type_is_told_somewhere() -> None:
    """A name in the list that nothing emits would promise something."""
    from django.conf import settings

    sources = "".join(path.read_text() for app in ("billing", "projects", "webhooks") for path in (settings.BASE_DIR / app).glob("*.py"))
    from webhooks import event_types

    constants = {value: name for name, value in vars(event_types).items() if isinstance(value, str) and value in NAMES}
    assert set(constants) == NAMES
    assert all(sources.count(constant) >= 3 for constant in constants.values())
