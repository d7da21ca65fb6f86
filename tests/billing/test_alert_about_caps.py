"""Alerts at 80 % and 100 % of a cap: told once to owners and admins by mail, and on every page until they are put away."""

import socket
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import Organization, Role, User
from billing import alert_mails, alerts, tasks
from billing.models import BudgetAlert, BudgetPeriod, MailState
from clod_site.lib import clock
from clod_site.lib.money import usd
from projects import keys
from projects.models import ApiKey, Project
from tests.billing import till
from tests.people import browser, join, queries_of
from tests.projects import pages

CAP = usd("20")


@pytest.fixture
def capped(project: Project) -> Project:
    Project.objects.update(daily_cap_nanousd=CAP)
    project.refresh_from_db()
    return project


def spend(subject: Project | ApiKey, dollars: str, period_key: str = "", held: int = 0) -> BudgetPeriod:
    """What the ledger would have written."""
    owner: dict[str, Any] = {"project" if isinstance(subject, Project) else "api_key": subject}
    amounts = {"spent_nanousd": usd(dollars), "held_nanousd": held}
    key = period_key or clock.day_key("UTC", clock.now())
    return BudgetPeriod.objects.update_or_create(period_key=key, **owner, defaults=amounts)[0]


def told() -> list[int]:
    return list(BudgetAlert.objects.order_by("pk").values_list("percent", flat=True))


@pytest.mark.parametrize(
    ("spent", "cap", "before", "percent"),
    [
        (79, 100, [], None),
        (80, 100, [], 80),
        (98, 100, [(80, 100)], None),
        (99, 100, [(80, 100)], 100),
        (100, 100, [], 100),  # a leap over both is told of once
        (100, 100, [(100, 100)], None),
        (10, 0, [], None),  # nothing may be spent, and somebody wanted that
        (300, 100, [(80, 400)], 100),  # lowered below what is spent
        (300, 100, [(100, 400)], None),
        (95, 110, [(100, 100)], None),  # 80 % of the raised cap lie below the old one, and were reached before
        (109, 110, [(100, 100)], 100),
        (90, 110, [(80, 100)], None),
        (170, 200, [(100, 100)], 80),
        (199, 200, [(100, 100), (80, 200)], 100),
        (170, 200, [(100, 200)], None),
        (85, 100, [(80, 100), (80, 200)], None),  # raised, reached, and lowered again
    ],
)
def test_which_threshold_is_told_of(spent: int, cap: int, before: alerts.Told, percent: int | None) -> None:
    assert alerts.due(spent, cap, before) == percent


def test_owners_and_admins_are_mailed_once_however_often_it_is_looked(
    capped: Project, admin: User, bob: User, mailoutbox: list[Any]
) -> None:
    spend(capped, "17")
    for _ in range(3):
        tasks.alert_about_budgets()
    assert [sorted(mail.to) for mail in mailoutbox] == [["adam@example.org", "alice@example.org"]]
    assert mailoutbox[0].subject == "Project Default has spent 85 % of its daily cap of $20.00"
    assert "has spent $17.00 (85 %) of its daily cap of $20.00 in" in mailoutbox[0].body
    tomorrow = clock.next_day("UTC", clock.now())
    assert f"At the cap, requests are refused until {tomorrow:%d %B %Y}, 00:00 (UTC)." in mailoutbox[0].body
    assert pages.of(capped, "budgets") in mailoutbox[0].body
    spend(capped, "19.90")
    tasks.alert_about_budgets()
    assert mailoutbox[1].subject == "Project Default has spent 99 % of its daily cap of $20.00"
    assert told() == [80, 100]


def test_who_left_or_is_switched_off_is_not_mailed(capped: Project, admin: User, mailoutbox: list[Any]) -> None:
    join(capped.organization, "gone", Role.ADMIN).memberships.all().delete()
    User.objects.filter(pk=join(capped.organization, "off", Role.ADMIN).pk).update(is_active=False)
    spend(capped, "17")
    tasks.alert_about_budgets()
    assert [sorted(mail.to) for mail in mailoutbox] == [["adam@example.org", "alice@example.org"]]


def test_a_key_is_told_of_by_its_name(capped: Project, alice: User, mailoutbox: list[Any]) -> None:
    api_key, _ = keys.generate(capped, name="n8n", actor=alice, limits={"monthly_cap_nanousd": usd("2")})
    spend(api_key, "2", clock.month_key("UTC", clock.now()))
    tasks.alert_about_budgets()
    assert [mail.subject for mail in mailoutbox] == ["The key n8n of Default has used up its monthly cap of $2.00"]
    assert pages.of_key(api_key) in mailoutbox[0].body


def test_what_running_calls_hold_alarms_nobody(capped: Project) -> None:
    spend(capped, "15", held=usd("5"))
    tasks.alert_about_budgets()
    assert told() == []


@pytest.mark.usefixtures("money")
def test_what_the_ledger_charged_is_found() -> None:
    dana = till.customer(dollars="10.00")
    Project.objects.update(monthly_cap_nanousd=till.CALL)
    ApiKey.objects.update(daily_cap_nanousd=till.CALL)
    till.capture(till.authorise(dana.ask()), till.CALL)
    tasks.alert_about_budgets()
    found = BudgetAlert.objects.values_list("period__project", "period__api_key", "period__period_key")
    now = clock.now()
    assert set(found) == {(dana.project.pk, None, clock.month_key("UTC", now)), (None, dana.key.pk, clock.day_key("UTC", now))}


QUIET = {
    "switched off": lambda: Project.objects.update(sends_alerts=False),
    "archived": lambda: Project.objects.update(archived_at=clock.now()),
    "suspended": lambda: Organization.objects.update(suspended_at=clock.now()),
    "without a cap": lambda: Project.objects.update(daily_cap_nanousd=None),
    "stopped by a cap of nothing": lambda: Project.objects.update(daily_cap_nanousd=0),
}


@pytest.mark.parametrize("why", QUIET)
def test_nobody_is_told_of_a_project_that_is(why: str, capped: Project) -> None:
    spend(capped, "20")
    QUIET[why]()
    tasks.alert_about_budgets()
    assert told() == []


def test_nobody_is_told_of_a_revoked_key(project: Project, alice: User) -> None:
    api_key, _ = keys.generate(project, name="gone", actor=alice, limits={"daily_cap_nanousd": 1})
    spend(api_key, "1")
    keys.revoke(api_key, actor=alice)
    tasks.alert_about_budgets()
    assert told() == []


def test_a_raised_cap_that_is_reached_is_told_of_anew(capped: Project, mailoutbox: list[Any]) -> None:
    spend(capped, "20")
    tasks.alert_about_budgets()
    Project.objects.update(daily_cap_nanousd=usd("40"))
    tasks.alert_about_budgets()
    assert len(mailoutbox) == 1
    spend(capped, "32")
    tasks.alert_about_budgets()
    assert told() == [100, 80]
    assert len(mailoutbox) == 2


@pytest.mark.parametrize(
    ("zone", "instant", "month", "ends"),
    [
        ("Asia/Kathmandu", "2026-06-30T18:14:59Z", "2026-06", "2026-06-30T18:15:00+00:00"),
        ("Asia/Kathmandu", "2026-06-30T18:15:00Z", "2026-07", "2026-07-31T18:15:00+00:00"),
        ("Pacific/Kiritimati", "2026-06-30T10:00:00Z", "2026-07", "2026-07-31T10:00:00+00:00"),
        ("Pacific/Pago_Pago", "2026-07-01T10:59:59Z", "2026-06", "2026-07-01T11:00:00+00:00"),
    ],
)
def test_a_month_is_the_organizations_own(project: Project, time_machine: Any, zone: str, instant: str, month: str, ends: str) -> None:
    """The month that is over is nobody's concern, nor is the one that has not begun."""
    Organization.objects.update(time_zone=zone)
    Project.objects.update(monthly_cap_nanousd=CAP)
    for key in ("2026-05", "2026-06", "2026-07", "2026-08"):
        spend(project, "20", key)
    time_machine.move_to(instant, tick=False)
    tasks.alert_about_budgets()
    assert [(alert.period.period_key, alert.resets_at.isoformat()) for alert in BudgetAlert.objects.all()] == [(month, ends)]


def test_a_clock_that_jumps_tells_nothing_twice(capped: Project, time_machine: Any, mailoutbox: list[Any]) -> None:
    time_machine.move_to("2026-11-22T12:00:00Z", tick=False)
    spend(capped, "17")
    for instant in ("2026-11-22T12:00:00Z", "2026-11-23T12:00:00Z", "2026-11-22T13:00:00Z", "2025-01-01T00:00:00Z", "2026-11-22T12:00:00Z"):
        time_machine.move_to(instant, tick=False)
        tasks.alert_about_budgets()
    assert (told(), len(mailoutbox)) == ([80], 1)


def test_two_workers_at_once_tell_once(transactional_db: None, capped: Project, mailoutbox: list[Any]) -> None:
    for number in range(5):
        project = Project.objects.create(organization=capped.organization, name=f"Project {number}", daily_cap_nanousd=CAP)
        spend(project, "17")
    barrier, trouble = threading.Barrier(4), list[Exception]()

    def work() -> None:
        barrier.wait(10)
        try:
            tasks.alert_about_budgets()
        except Exception as error:
            trouble.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not trouble
    assert told() == [80] * 5
    assert len({mail.subject for mail in mailoutbox}) == len(mailoutbox) == 5


@pytest.fixture
def mail_server_down(settings: Any) -> Any:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", taken.getsockname()[1], False
        yield settings


def test_a_mail_server_that_is_away_is_tried_again(
    capped: Project, mail_server_down: Any, mailoutbox: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    spend(capped, "17")
    tasks.alert_about_budgets()
    tasks.alert_about_budgets()
    assert "could not be sent, and is tried again" in caplog.text
    assert BudgetAlert.objects.get().mail == MailState.WAITING
    mail_server_down.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    tasks.alert_about_budgets()
    tasks.alert_about_budgets()
    assert len(mailoutbox) == 1
    assert (BudgetAlert.objects.get().mail, BudgetAlert.objects.get().tries) == (MailState.SENT, 3)


@pytest.mark.usefixtures("mail_server_down")
def test_a_mail_server_that_is_away_is_not_asked_for_every_mail(capped: Project) -> None:
    period = spend(capped, "17")
    ends = clock.now() + timedelta(hours=1)
    for cap in range(9):
        columns = {"percent": 80, "cap_nanousd": CAP + cap, "spent_nanousd": cap, "resets_at": ends}
        BudgetAlert.objects.create(organization=capped.organization, period=period, **columns)
    alert_mails.send_all(clock.now())
    alert_mails.send_all(clock.now())
    assert sorted(BudgetAlert.objects.values_list("tries", flat=True)) == [0] * 3 + [1] * 6  # and each comes to its turn


def test_a_mail_whose_sender_died_is_not_sent_a_second_time(capped: Project, mailoutbox: list[Any]) -> None:
    spend(capped, "17")
    alerts.find(clock.now())
    BudgetAlert.objects.update(mail=MailState.SENDING)
    tasks.alert_about_budgets()
    assert mailoutbox == []


@pytest.mark.parametrize(
    "change", [{"daily_cap_nanousd": usd("50")}, {"sends_alerts": False}, {"archived_at": clock.now()}], ids=["raised", "off", "archived"]
)
def test_a_mail_that_waited_while_its_reason_went_is_not_sent(capped: Project, mailoutbox: list[Any], change: dict[str, Any]) -> None:
    spend(capped, "17")
    alerts.find(clock.now())
    Project.objects.update(**change)
    tasks.alert_about_budgets()
    assert mailoutbox == []
    assert BudgetAlert.objects.get().mail == MailState.TOO_LATE


def test_the_notice_goes_with_its_key(project: Project, alice: User) -> None:
    api_key, _ = keys.generate(project, name="n8n", actor=alice, limits={"daily_cap_nanousd": CAP})
    spend(api_key, "17")
    tasks.alert_about_budgets()
    assert NOTICE in page(alice)
    keys.revoke(api_key, actor=alice)
    assert NOTICE not in page(alice)


def test_a_mail_that_comes_too_late_is_not_sent(capped: Project, time_machine: Any, mailoutbox: list[Any]) -> None:
    spend(capped, "17")
    alerts.find(clock.now())
    time_machine.move_to(clock.next_day("UTC", clock.now()), tick=False)
    tasks.alert_about_budgets()
    assert mailoutbox == []
    assert BudgetAlert.objects.get().mail == MailState.TOO_LATE


NOTICE = "has spent $17.00 (85 %) of its daily cap of $20.00"


def page(person: User) -> str:
    return browser(person).get("/projects").content.decode()


def test_everybody_in_the_organization_sees_the_notice_and_puts_it_away_for_themselves(
    capped: Project, alice: User, bob: User, viewer: User, charlie: User
) -> None:
    spend(capped, "17")
    tasks.alert_about_budgets()
    assert all(NOTICE in page(person) for person in (alice, bob, viewer))
    assert "The cap starts again" in page(alice)
    assert pages.of(capped, "budgets") in page(alice)
    assert NOTICE not in page(charlie)
    address = f"/billing/alerts/{BudgetAlert.objects.get().pk}/dismiss"
    assert browser(charlie).post(address).status_code == browser(charlie).post("/billing/alerts/0/dismiss").status_code == 404
    assert browser(bob).get(address).status_code == 405
    assert browser(bob).post(address)["Location"] == pages.of(capped, "budgets")
    assert browser(viewer).post(address, HTTP_HX_REQUEST="true").content == b""
    assert NOTICE not in page(bob) + page(viewer)
    assert NOTICE in page(alice)


def test_the_notice_of_a_cap_that_is_used_up_takes_the_place_of_the_first_one(capped: Project, alice: User) -> None:
    spend(capped, "17")
    tasks.alert_about_budgets()
    spend(capped, "20")
    tasks.alert_about_budgets()
    assert page(alice).count('class="notice alert') == 1
    assert "Requests that do not fit are refused until" in page(alice)


@pytest.mark.parametrize("change", [{"daily_cap_nanousd": usd("50")}, {"daily_cap_nanousd": None}, {"sends_alerts": False}])
def test_the_notice_goes_when_the_cap_is_raised_or_alerts_are_switched_off(capped: Project, alice: User, change: dict[str, Any]) -> None:
    spend(capped, "17")
    tasks.alert_about_budgets()
    Project.objects.update(**change)
    assert NOTICE not in page(alice)


def test_the_notice_goes_with_its_day(capped: Project, alice: User, time_machine: Any) -> None:
    spend(capped, "17")
    tasks.alert_about_budgets()
    time_machine.move_to(clock.next_day("UTC", clock.now()), tick=False)
    assert NOTICE not in page(alice)


def test_many_notices_take_one_query_and_two_places(capped: Project, alice: User) -> None:
    visit = browser(alice)
    spend(capped, "17")
    tasks.alert_about_budgets()
    few = queries_of(visit, "/keys")
    for number in range(9):
        spend(Project.objects.create(organization=capped.organization, name=f"{number}", daily_cap_nanousd=CAP), "17")
    tasks.alert_about_budgets()
    assert queries_of(visit, "/keys") == few
    assert page(alice).count('class="notice alert') == 2
    assert "8 more caps nearly spent" in page(alice)


def test_an_owner_switches_alerts_off_on_the_budgets_page_and_a_developer_cannot(capped: Project, alice: User, bob: User) -> None:
    form = {"daily_cap_nanousd": "20", "monthly_cap_nanousd": ""}
    assert browser(bob).post(pages.of(capped, "budgets"), form).status_code == 403
    browser(alice).post(pages.of(capped, "budgets"), form)
    assert not Project.objects.get(pk=capped.pk).sends_alerts
    browser(alice).post(pages.of(capped, "budgets"), form | {"sends_alerts": "on"})
    assert Project.objects.get(pk=capped.pk).sends_alerts
    assert "checked" in browser(alice).get(pages.of(capped, "budgets")).content.decode()
