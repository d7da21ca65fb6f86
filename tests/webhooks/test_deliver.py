"""Delivering: to servers that answer, fail, hang, redirect, say too much or die; in order, at least once, and by one sender at a time."""

import json
import socket
import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from aiohttp.abc import AbstractResolver
from celery import signals
from django.db import connection

from accounts.models import Organization, User
from clod_site.lib import clock, crypto, ids
from tests.people import join
from tests.webhooks.receiver import Receiver
from tests.webhooks.test_sign import verify
from webhooks import backoff, events, posting, queue, registry, replay, retention, sending, signing, tasks
from webhooks.event_types import KEY_CREATED
from webhooks.models import Delivery, Event, Webhook

pytestmark = pytest.mark.django_db


def happen(organization: Organization, times: int = 1) -> None:
    for number in range(times):
        events.emit(organization.pk, KEY_CREATED, {"n": number})


def to(server: Receiver, path: str) -> None:
    Webhook.objects.update(url=server.at(path))


def later(**ahead: float) -> Any:
    return time_machine.travel(clock.now() + timedelta(**ahead), tick=True)


def secret_of(webhook: Webhook) -> str:
    webhook.refresh_from_db()
    return crypto.decrypt(webhook.secret_sealed)


def test_an_event_arrives_signed_and_is_noted(organization: Organization, webhook: Webhook, server: Receiver) -> None:
    happen(organization)
    tasks.deliver()
    tasks.deliver()
    (got,) = server.got
    event, delivery = Event.objects.get(), Delivery.objects.get()
    assert got.body.decode() == event.body
    assert got.headers["webhook-id"] == event.public_id
    assert got.headers["content-type"] == "application/json"
    assert verify(secret_of(webhook), got.headers, got.body)
    assert (delivery.state, delivery.tries, delivery.status, delivery.answer) == ("sent", 1, 200, "thanks")
    assert delivery.next_try_at is None
    assert delivery.ended_at is not None


def test_events_arrive_in_the_order_they_happened(organization: Organization, webhook: Webhook, server: Receiver) -> None:
    happen(organization, 5)
    assert sending.run(clock.now()) == 5
    assert [json.loads(got.body)["data"]["n"] for got in server.got] == [0, 1, 2, 3, 4]


def test_both_secrets_sign_for_a_day_after_a_rotation(organization: Organization, webhook: Webhook, server: Receiver) -> None:
    old = secret_of(webhook)
    new = registry.rotate(webhook, clock.now())
    happen(organization)
    tasks.deliver()
    assert verify(new, server.got[0].headers, server.got[0].body)
    assert verify(old, server.got[0].headers, server.got[0].body)
    with later(hours=25):
        happen(organization)
        tasks.deliver()
        assert verify(new, server.got[1].headers, server.got[1].body)
        assert not verify(old, server.got[1].headers, server.got[1].body)


@pytest.mark.parametrize(
    ("path", "status", "answer"),
    [
        ("/redirect", 302, "redirects are not followed"),
        ("/dies", None, "closed the connection without an answer"),
        ("/silent", None, "No answer within"),
    ],
)
def test_a_server_in_trouble_is_tried_again_and_the_page_can_say_why(
    organization: Organization, webhook: Webhook, server: Receiver, monkeypatch: pytest.MonkeyPatch, path: str, status: int, answer: str
) -> None:
    monkeypatch.setattr(posting, "TIME_OUT_S", 0.5)
    to(server, path)
    happen(organization)
    tasks.deliver()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.tries, delivery.status) == ("waiting", 1, status)
    assert answer in delivery.answer
    assert timedelta(seconds=3) < delivery.next_try_at - clock.now() < timedelta(seconds=6)
    assert [got.path for got in server.got] == [path]


def test_nobody_there_is_a_failure_like_any(organization: Organization, webhook: Webhook) -> None:
    with socket.socket() as held:  # bound, and nobody listens
        held.bind(("127.0.0.1", 0))
        Webhook.objects.update(url=f"http://127.0.0.1:{held.getsockname()[1]}/")
        happen(organization)
        tasks.deliver()
    assert "No connection" in Delivery.objects.get().answer


def test_of_a_huge_answer_a_little_is_read(organization: Organization, webhook: Webhook, server: Receiver) -> None:
    to(server, "/huge")
    happen(organization)
    tasks.deliver()
    delivery = Delivery.objects.get()
    assert delivery.state == "sent"
    assert len(delivery.answer) == posting.MOST_SHOWN


def test_characters_that_no_database_takes_are_left_out(organization: Organization, webhook: Webhook, server: Receiver) -> None:
    to(server, "/evil")
    happen(organization)
    tasks.deliver()
    assert Delivery.objects.get().answer == "<script>alert(1)</script>[31m"


def test_it_is_tried_nine_times_over_a_day_and_then_has_failed(organization: Organization, webhook: Webhook, server: Receiver) -> None:
    server.status = 500
    happen(organization)
    began = clock.now()
    while (delivery := Delivery.objects.get()).state == "waiting":
        with time_machine.travel(delivery.next_try_at + timedelta(minutes=1, seconds=1), tick=True):
            tasks.deliver()
    assert (delivery.state, delivery.tries, delivery.status) == ("failed", 9, 500)
    assert len(server.got) == 9
    assert len({got.headers["webhook-id"] for got in server.got}) == 1
    assert delivery.ended_at is not None
    assert timedelta(hours=26) < delivery.ended_at - began < timedelta(hours=36)


def test_waits_grow_and_vary() -> None:
    now = clock.now()
    for tries, wait_s in enumerate(backoff.WAITS_S, start=1):
        found = {backoff.next_try(tries, now) for _ in range(20)}
        assert len(found) > 1
        assert all(0.9 * wait_s <= (at - now).total_seconds() <= 1.1 * wait_s for at in found if at)
    assert backoff.next_try(len(backoff.WAITS_S) + 1, now) is None


def test_a_failing_webhook_is_left_alone_for_a_moment(organization: Organization, webhook: Webhook, server: Receiver) -> None:
    server.status = 500
    happen(organization, 3)
    for _ in range(3):
        tasks.deliver()
    assert len(server.got) == 1
    with later(seconds=7):
        tasks.deliver()
    assert len(server.got) == 2


def test_one_that_answers_again_gets_what_waited(organization: Organization, webhook: Webhook, server: Receiver) -> None:
    server.status = 500
    happen(organization, 2)
    tasks.deliver()
    webhook.refresh_from_db()
    assert webhook.failing_since is not None
    server.status = 202
    with later(minutes=5):
        tasks.deliver()
    webhook.refresh_from_db()
    assert webhook.failing_since is None
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_gone_disables_it_at_once_and_managers_get_a_mail(
    organization: Organization, webhook: Webhook, server: Receiver, admin: User, bob: User, mailoutbox: list[Any]
) -> None:
    Webhook.objects.filter(pk=webhook.pk).update(event_types=[KEY_CREATED])
    server.status = 410
    happen(organization, 2)
    tasks.deliver()
    webhook.refresh_from_db()
    assert "410 Gone" in webhook.disabled_reason
    assert set(Delivery.objects.values_list("state", flat=True)) == {"failed"}
    assert len(server.got) == 1
    assert [sorted(mail.to) for mail in mailoutbox] == [["adam@example.org", "alice@example.org"]]
    assert webhook.url in mailoutbox[0].body
    assert f"/settings/webhooks/{webhook.public_id}" in mailoutbox[0].body


def test_three_days_of_nothing_disable_it(organization: Organization, webhook: Webhook, server: Receiver, mailoutbox: list[Any]) -> None:
    server.status = 500
    happen(organization)
    tasks.deliver()
    with later(days=2, hours=23):
        happen(organization)
        tasks.deliver()
        webhook.refresh_from_db()
        assert webhook.is_enabled
    with later(days=3, minutes=1):
        tasks.deliver()
    webhook.refresh_from_db()
    assert "three days" in webhook.disabled_reason
    assert len(mailoutbox) == 1
    with later(days=3, minutes=3):
        tasks.deliver()
    assert len(server.got) == 3


def test_a_sender_that_dies_leaves_its_try_to_be_made_again(organization: Organization, webhook: Webhook, server: Receiver) -> None:
    happen(organization)
    (claimed,) = queue.claim(clock.now())
    assert queue.next_try(claimed, clock.now()) is not None  # and then it is killed
    tasks.deliver()
    assert server.got == []
    with later(seconds=61):
        tasks.deliver()
    assert len(server.got) == 1
    assert (Delivery.objects.get().state, Delivery.objects.get().tries) == ("sent", 2)


def test_who_lost_the_claim_sends_nothing_more(organization: Organization, webhook: Webhook) -> None:
    happen(organization, 2)
    (slow,) = queue.claim(clock.now())
    with later(seconds=61):
        (quick,) = queue.claim(clock.now())
        assert queue.next_try(slow, clock.now()) is None
        queue.release(slow, clock.now())
        assert queue.next_try(quick, clock.now()) is not None
        assert queue.claim(clock.now()) == []


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_send_each_event_once(alice: User, organization: Organization, server: Receiver) -> None:
    for name in ("/a", "/b", "/c", "/d"):
        registry.add(organization, url=server.at(name), description="", event_types=[], actor=alice)
    happen(organization, 5)
    start = threading.Barrier(3)

    def work() -> None:
        start.wait(5)
        try:
            sending.run(clock.now())
        finally:
            connection.close()

    senders = [threading.Thread(target=work) for _ in range(3)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(20)
    assert len(server.got) == 20
    assert len({(got.path, got.headers["webhook-id"]) for got in server.got}) == 20
    assert set(Delivery.objects.values_list("state", "tries")) == {("sent", 1)}
    for name in ("/a", "/b", "/c", "/d"):
        assert [json.loads(got.body)["data"]["n"] for got in server.got if got.path == name] == [0, 1, 2, 3, 4]


def test_one_and_all_can_be_sent_again_under_the_same_id(organization: Organization, webhook: Webhook, server: Receiver) -> None:
    server.status = 410
    happen(organization, 2)
    tasks.deliver()
    server.status = 200
    registry.enable(webhook)
    assert replay.all_failed(webhook) == 2
    tasks.deliver()
    assert set(Delivery.objects.values_list("state", "tries")) == {("sent", 1)}
    delivery = Delivery.objects.order_by("id").first()
    assert delivery is not None
    assert replay.again(delivery)
    assert not replay.again(delivery), "it waits already"
    tasks.deliver()
    assert [got.headers["webhook-id"] for got in server.got].count(delivery.event.public_id) == 3


def test_what_is_asked_for_anew_during_a_try_is_sent_anew(organization: Organization, webhook: Webhook, server: Receiver) -> None:
    happen(organization)
    (claimed,) = queue.claim(clock.now())
    delivery = queue.next_try(claimed, clock.now())
    assert delivery is not None
    Delivery.objects.update(tries=0)
    queue.note(claimed, delivery, posting.Outcome(200, "", 1), clock.now())
    queue.release(claimed, clock.now())
    assert Delivery.objects.get().state == "waiting"


def test_a_secret_that_cannot_be_read_is_told_on_the_page(organization: Organization, webhook: Webhook, settings: Any) -> None:
    settings.CLOD_ENCRYPTION_KEYS = ("another key, and not the one it was sealed with",)
    happen(organization)
    tasks.deliver()
    assert Delivery.objects.get().answer == "Its secret cannot be read here. Rotate it."


def test_a_suspended_organization_is_told_nothing(organization: Organization, webhook: Webhook, server: Receiver) -> None:
    happen(organization)
    Organization.objects.update(suspended_at=clock.now())
    tasks.deliver()
    assert server.got == []


class Lying(AbstractResolver):
    """Says of every name that it is this machine."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[Any]:
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 6, "flags": 0}]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    "url", ["https://hooks.example.org:{port}/ok", "https://127.0.0.1:{port}/ok", "http://hooks.example.org:{port}/ok"]
)
def test_in_production_nothing_of_ours_is_reached(
    organization: Organization, webhook: Webhook, server: Receiver, settings: Any, url: str
) -> None:
    Webhook.objects.update(url=url.format(port=server.server_port))
    happen(organization)
    settings.PRODUCTION = True
    sending.run(clock.now(), names=Lying())
    settings.PRODUCTION = False
    assert server.got == []
    assert Delivery.objects.get().answer != ""
    assert any(words in Delivery.objects.get().answer for words in ("not on the public internet", "Use https://"))


def test_after_thirty_days_events_are_forgotten(organization: Organization, webhook: Webhook) -> None:
    happen(organization)
    happened = ids.instant_of(Event.objects.get().pk)
    assert retention.forget(happened + timedelta(days=29)) == 0
    assert retention.forget(happened + timedelta(days=31)) == 1
    assert not Delivery.objects.exists()
    assert Webhook.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_commit_calls_the_sender(alice: User, organization: Organization, server: Receiver) -> None:
    registry.add(organization, url=server.at(), description="", event_types=[], actor=alice)
    called, has_come = [], threading.Event()

    def note(sender: str, **_: Any) -> None:
        called.append(sender)
        has_come.set()

    signals.before_task_publish.connect(note)
    try:
        happen(organization)
        assert has_come.wait(5)
    finally:
        signals.before_task_publish.disconnect(note)
    assert called == ["webhooks.tasks.deliver"]


def test_a_new_member_s_event_is_signed_with_the_secret_of_its_own_webhook(
    organization: Organization, webhook: Webhook, server: Receiver
) -> None:
    registry.add(organization, url=server.at("/other"), description="", event_types=[], actor=None)
    join(organization, "dora", "viewer")  # type: ignore[arg-type]
    tasks.deliver()
    first = next(got for got in server.got if got.path == "/ok")
    other = next(got for got in server.got if got.path == "/other")
    assert verify(secret_of(webhook), first.headers, first.body)
    assert not verify(secret_of(webhook), other.headers, other.body)
    assert signing.PREFIX


def test_a_test_goes_before_what_waits_and_ends_a_rest(organization: Organization, webhook: Webhook, server: Receiver) -> None:
    happen(organization, 3)
    Webhook.objects.update(rests_until=clock.now() + timedelta(minutes=1))
    event = replay.test(webhook)
    assert sending.run(clock.now()) == 4
    assert server.got[0].headers["webhook-id"] == event.public_id
    assert [json.loads(got.body)["data"]["n"] for got in server.got[1:]] == [0, 1, 2]
