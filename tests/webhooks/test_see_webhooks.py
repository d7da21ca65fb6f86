"""The pages of webhooks: for owners and admins; a secret is shown once, and what strangers' servers say is only text."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Organization, User
from clod_site.lib import crypto
from team.models import AuditEvent
from tests.people import browser, organization_of, queries_of
from tests.webhooks.receiver import Receiver
from webhooks import events, registry, tasks
from webhooks.event_types import KEY_CREATED, TYPES
from webhooks.models import Delivery, Event, Webhook

pytestmark = pytest.mark.django_db
LIST, NEW = "/settings/webhooks", "/settings/webhooks/new"
EVIL = "<script>alert('x')</script>"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{32}")


def at(webhook: Webhook, page: str = "") -> str:
    return f"{LIST}/{webhook.public_id}{f'/{page}' if page else ''}"


def text(answer: Any) -> str:
    return str(answer.content.decode())


def deeds() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("deed", flat=True))


def delivered(organization: Organization, times: int = 1) -> Delivery:
    for number in range(times):
        events.emit(organization.pk, KEY_CREATED, {"n": number})
        tasks.deliver()
    return Delivery.objects.latest("id")


def test_without_any_the_page_says_what_to_do(alice: User) -> None:
    page = text(browser(alice).get(LIST))
    assert "No webhook yet" in page
    assert NEW in page
    assert LIST in text(browser(alice).get("/settings"))


def test_an_admin_adds_one_and_sees_its_secret_this_once(admin: User, organization: Organization) -> None:
    visit = browser(admin)
    answer = visit.post(NEW, {"url": "https://example.org/clod", "description": "Chat", "event_types": ["wallet.low", KEY_CREATED]})
    webhook = Webhook.objects.get()
    secret = crypto.decrypt(webhook.secret_sealed)
    assert set(SECRET.findall(text(answer))) == {secret}
    assert "no-store" in answer["Cache-Control"]
    assert (webhook.organization, webhook.created_by, webhook.event_types) == (organization, admin, [KEY_CREATED, "wallet.low"])
    for page in (LIST, at(webhook), at(webhook, "edit"), at(webhook, "rotate"), at(webhook, "delete")):
        assert "whsec_" not in text(visit.get(page))
    assert secret not in webhook.secret_sealed
    assert deeds()[-1] == "webhook.add"
    assert "whsec_" not in str(list(AuditEvent.objects.values()))


def test_none_chosen_means_all(alice: User, organization: Organization) -> None:
    browser(alice).post(NEW, {"url": "https://example.org/clod"})
    webhook = Webhook.objects.get()
    assert webhook.event_types == []
    assert all(webhook.wants(kind.name) for kind in TYPES)


@pytest.mark.parametrize(
    "url", ["", "example.org", "ftp://example.org/", "https://user:pass@example.org/", "javascript:alert(1)", "https://"]
)
def test_what_is_no_address_is_refused_with_a_word_on_what_is(alice: User, url: str) -> None:
    answer = browser(alice).post(NEW, {"url": url})
    assert answer.status_code == 422
    assert not Webhook.objects.exists()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "https://127.0.0.1/",
        "https://10.0.0.5/",
        "https://169.254.169.254/latest",
        "https://localhost/",
        "https://[::1]/",
    ],
)
def test_in_production_only_the_public_internet_with_tls_is_taken(alice: User, settings: Any, url: str) -> None:
    visit = browser(alice)
    settings.PRODUCTION = True
    answer = visit.post(NEW, {"url": url})
    assert answer.status_code == 422
    assert "https:// address on the public internet" in text(answer)
    assert "CLOD_" not in text(answer)
    assert visit.post(NEW, {"url": "https://hooks.example.org/clod"}).status_code == 200


def test_an_address_is_added_once_and_there_is_an_end_to_adding(alice: User, organization: Organization, webhook: Webhook) -> None:
    visit = browser(alice)
    assert "There is a webhook with this address already" in text(visit.post(NEW, {"url": webhook.url}))
    for number in range(registry.MOST - 1):
        registry.add(organization, url=f"https://example.org/{number}", description="", event_types=[], actor=None)
    assert "can have 20 webhooks" in text(visit.post(NEW, {"url": "https://example.org/more"}))
    assert "Add webhook" not in text(visit.get(LIST))


def test_it_is_changed(alice: User, webhook: Webhook) -> None:
    Webhook.objects.update(failing_since="2026-01-01T00:00Z")
    browser(alice).post(at(webhook, "edit"), {"url": "https://example.org/new", "description": "New", "event_types": ["wallet.low"]})
    webhook.refresh_from_db()
    assert (webhook.url, webhook.description, webhook.event_types) == ("https://example.org/new", "New", ["wallet.low"])
    assert webhook.failing_since is None
    assert deeds()[-1] == "webhook.change"


def test_rotating_shows_a_new_secret_and_a_form_sent_twice_rotates_once(alice: User, webhook: Webhook) -> None:
    visit = browser(alice)
    former = crypto.decrypt(webhook.secret_sealed)
    mark = re.search(r'name="mark" value="([0-9a-f]+)"', text(visit.get(at(webhook, "rotate"))))
    assert mark
    shown = SECRET.findall(text(visit.post(at(webhook, "rotate"), {"mark": mark[1]})))
    webhook.refresh_from_db()
    assert set(shown) == {crypto.decrypt(webhook.secret_sealed)}
    assert crypto.decrypt(webhook.previous_secret_sealed) == former
    again = visit.post(at(webhook, "rotate"), {"mark": mark[1]}, follow=True)
    assert "rotated meanwhile" in text(again)
    assert crypto.decrypt(Webhook.objects.get().previous_secret_sealed) == former
    assert "the former one signs as well" in text(visit.get(at(webhook)))
    assert "ends the secret before it at once" in text(visit.get(at(webhook, "rotate")))
    assert deeds().count("webhook.rotate") == 1


def test_it_is_disabled_enabled_and_deleted(alice: User, webhook: Webhook, organization: Organization) -> None:
    visit = browser(alice)
    page = text(visit.post(at(webhook, "disable"), follow=True))
    assert f"{at(webhook, 'enable')}" in page, "it can be undone"
    assert not Webhook.objects.get().is_enabled
    for deed in ("test", "again"):
        assert "Enable it first" in text(visit.post(at(webhook, deed), follow=True))
    visit.post(at(webhook, "enable"))
    assert Webhook.objects.get().is_enabled
    delivered(organization)
    assert "Delete this webhook?" in text(visit.get(at(webhook, "delete")))
    assert Webhook.objects.exists()
    visit.post(at(webhook, "delete"))
    assert not Webhook.objects.exists()
    assert not Delivery.objects.exists()
    assert deeds()[-3:] == ["webhook.disable", "webhook.enable", "webhook.delete"]


def test_a_test_event_arrives_whatever_is_chosen(alice: User, webhook: Webhook, server: Receiver) -> None:
    Webhook.objects.update(event_types=["wallet.low"])
    visit = browser(alice)
    waiting = text(visit.post(at(webhook, "test"), follow=True))
    assert "webhook.test" in waiting
    assert 'hx-trigger="every 3s"' in waiting
    tasks.deliver()
    assert len(server.got) == 1
    assert "hx-trigger" not in text(visit.get(at(webhook)))


def test_there_is_an_end_to_tests_that_do_not_arrive(alice: User, webhook: Webhook) -> None:
    visit = browser(alice)
    for _ in range(7):
        page = text(visit.post(at(webhook, "test"), follow=True))
    assert "have not arrived yet" in page
    assert Event.objects.count() == 5


def test_one_and_all_that_failed_are_sent_again_from_the_page(
    alice: User, webhook: Webhook, organization: Organization, server: Receiver
) -> None:
    visit = browser(alice)
    server.status = 410
    one = delivered(organization)
    server.status = 200
    visit.post(at(webhook, "enable"))
    assert "Send again all that failed (1)" in text(visit.get(at(webhook)))
    assert "1 event that failed is sent again" in text(visit.post(at(webhook, "again"), follow=True))
    tasks.deliver()
    assert Delivery.objects.get().state == "sent"
    assert "Send again all" not in text(visit.get(at(webhook)))
    page = at(webhook, f"deliveries/{one.public_id}")
    assert "sent again, with the same id" in text(visit.post(f"{page}/again", follow=True))
    assert "on its way already" in text(visit.post(f"{page}/again", follow=True))
    tasks.deliver()
    assert len(server.got) == 3
    assert {"webhook.again", "webhook.all_again"} <= set(deeds())


def test_a_delivery_shows_what_was_sent_and_what_came_back(alice: User, webhook: Webhook, organization: Organization) -> None:
    one = delivered(organization)
    page = text(browser(alice).get(at(webhook, f"deliveries/{one.public_id}")))
    assert one.event.public_id in page
    assert "thanks" in page
    assert "200" in page
    assert "&quot;api_key.created&quot;" in page


def test_words_of_strangers_are_only_text(alice: User, webhook: Webhook, organization: Organization, server: Receiver) -> None:
    Webhook.objects.update(description=EVIL, url=server.at("/evil"))
    events.emit(organization.pk, KEY_CREATED, {"name": EVIL})
    tasks.deliver()
    one = Delivery.objects.get()
    assert one.answer.startswith("<script>")
    for page in (LIST, at(webhook), at(webhook, "edit"), at(webhook, "delete"), at(webhook, f"deliveries/{one.public_id}")):
        shown = text(browser(alice).get(page))
        assert "<script>alert" not in shown
        assert "&lt;script&gt;alert" in shown


def test_deliveries_are_filtered_and_come_by_the_page(
    alice: User, webhook: Webhook, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    from webhooks import page

    monkeypatch.setattr(page, "PAGE", 2)
    delivered(organization, 3)
    visit = browser(alice)
    first = text(visit.get(at(webhook)))
    assert first.count("<code>api_key.created</code>") == 2
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    assert text(visit.get(older[1].replace("&amp;", "&"))).count("<code>api_key.created</code>") == 1
    assert "Nothing like that" in text(visit.get(f"{at(webhook)}?state=failed"))
    assert text(visit.get(f"{at(webhook)}?state=nonsense&cursor=nonsense")).count("<code>api_key.created</code>") == 2


PAGES = ("", "edit", "rotate", "delete")
DEEDS = ("disable", "enable", "test", "again", "delete", "rotate", "edit")


def test_developers_and_viewers_are_told_whom_to_ask(bob: User, viewer: User, webhook: Webhook, organization: Organization) -> None:
    one = delivered(organization)
    before = list(Webhook.objects.values())
    for person in (bob, viewer):
        visit = browser(person)
        for address in (LIST, NEW, *(at(webhook, page) for page in PAGES), at(webhook, f"deliveries/{one.public_id}")):
            answer = visit.get(address)
            assert answer.status_code == 403
            assert webhook.url not in text(answer)
        for deed in (*DEEDS, f"deliveries/{one.public_id}/again"):
            assert visit.post(at(webhook, deed)).status_code == 403
        assert visit.post(NEW, {"url": "https://example.org/"}).status_code == 403
        assert f'href="{LIST}"' not in text(visit.get("/settings"))
    assert list(Webhook.objects.values()) == before


def test_charlie_cannot_tell_that_it_exists(charlie: User, webhook: Webhook, organization: Organization) -> None:
    one = delivered(organization)
    theirs, _ = registry.add(organization_of(charlie), url="https://example.org/c", description="", event_types=[], actor=charlie)
    visit, before = browser(charlie), list(Webhook.objects.values())
    for address in (*(at(webhook, page) for page in PAGES), at(webhook, f"deliveries/{one.public_id}")):
        assert visit.get(address).status_code == 404
    for deed in (*DEEDS, f"deliveries/{one.public_id}/again"):
        assert visit.post(at(webhook, deed)).status_code == 404
    assert visit.get(at(theirs, f"deliveries/{one.public_id}")).status_code == 404, "under a webhook of one's own neither"
    assert webhook.url not in text(visit.get(LIST))
    assert list(Webhook.objects.values()) == before


def test_a_visitor_logs_in_first(webhook: Webhook) -> None:
    for address in (LIST, NEW, at(webhook)):
        assert Client().get(address)["Location"].startswith("/accounts/login/?next=")


def test_more_rows_take_no_more_queries(alice: User, webhook: Webhook, organization: Organization) -> None:
    visit = browser(alice)
    delivered(organization)
    few = queries_of(visit, LIST), queries_of(visit, at(webhook))
    for number in range(4):
        registry.add(organization, url=f"http://127.0.0.1:9/{number}", description="", event_types=["wallet.low"], actor=alice)
    delivered(organization, 6)
    assert (queries_of(visit, LIST), queries_of(visit, at(webhook))) == few


def test_a_disabled_one_says_why(alice: User, webhook: Webhook, organization: Organization, server: Receiver) -> None:
    server.status = 410
    delivered(organization)
    assert "410 Gone" in text(browser(alice).get(at(webhook)))
    assert ">disabled<" in text(browser(alice).get(LIST))
