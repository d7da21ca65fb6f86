"""What a person is mailed about: their own choice, in every organization they look after."""

from typing import Any

from accounts.models import Organization, User
from billing import mails
from team import mail_choices
from team.models import MailChoices
from tests.people import browser


def choose(user: User, *ticked: str) -> Any:
    return browser(user).post("/settings/mails", {f"mails-{name}": "on" for name in ticked})


def test_without_a_choice_owners_and_admins_hear_of_money_and_nobody_of_news(
    alice: User, admin: User, bob: User, viewer: User, charlie: User, organization: Organization
) -> None:
    for kind in ("budget_alerts", "low_wallet"):
        assert mail_choices.recipients(organization.pk, kind) == [alice.email, admin.email]  # type: ignore[arg-type]
    assert not mail_choices.of(alice).product_news


def test_an_unticked_box_stops_that_kind_for_that_person_alone(alice: User, admin: User, organization: Organization) -> None:
    assert choose(alice, "low_wallet")["Location"] == "/settings#mails"
    assert mail_choices.recipients(organization.pk, "budget_alerts") == [admin.email]
    assert mail_choices.recipients(organization.pk, "low_wallet") == [alice.email, admin.email]
    choose(alice, "budget_alerts", "low_wallet", "product_news")
    assert mail_choices.recipients(organization.pk, "budget_alerts") == [alice.email, admin.email]
    assert mail_choices.of(alice).product_news


def test_a_mail_nobody_wants_is_not_sent(alice: User, organization: Organization, mailoutbox: list[Any]) -> None:
    choose(alice)
    mails.send(organization.pk, "budget_alerts", "Subject", "Text")
    assert mailoutbox == []


def test_a_mail_says_where_to_stop_it(alice: User, organization: Organization, mailoutbox: list[Any]) -> None:
    mails.send(organization.pk, "low_wallet", "Subject", "Text")
    assert mailoutbox[0].body.endswith("/settings#mails")


def test_somebody_whose_account_is_switched_off_is_not_mailed(alice: User, admin: User, organization: Organization) -> None:
    User.objects.filter(pk=admin.pk).update(is_active=False)
    assert mail_choices.recipients(organization.pk, "low_wallet") == [alice.email]


def test_everybody_chooses_for_themselves(bob: User, viewer: User, charlie: User) -> None:
    for person in (bob, viewer, charlie):
        assert "Mails to you" in browser(person).get("/settings").content.decode()
        choose(person, "product_news")
        assert MailChoices.objects.get(user=person).product_news
    assert browser().post("/settings/mails")["Location"].startswith("/accounts/login/")


def test_the_page_shows_what_was_chosen_and_that_security_mails_stay(alice: User) -> None:
    choose(alice, "product_news")
    page = browser(alice).get("/settings").content.decode().partition('id="mails"')[2]
    boxes = {name: "checked" in page.partition(f'name="mails-{name}"')[2].partition(">")[0] for name in ("budget_alerts", "product_news")}
    assert boxes == {"budget_alerts": False, "product_news": True}
    assert '<input type="checkbox" checked disabled>' in page
