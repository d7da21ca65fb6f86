"""Who did what, when, from where: written by every change, read by owners and admins, changed by nobody."""

import csv
import io
from datetime import timedelta

import pytest
import time_machine
from allauth.account import signals
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as social
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.db import IntegrityError, InternalError, transaction
from django.http import HttpRequest
from django.test import RequestFactory

from accounts.models import Membership, Organization, Role, User
from clod_site.lib import clock, ids
from clod_site.lib.money import usd
from projects import keys
from projects.models import ApiKey, Project
from team import audit, audit_page
from team.deeds import DEEDS, GROUPS
from team.models import AuditEvent
from tests.people import PASSWORD, browser, organization_of, queries_of
from tests.projects import pages, shelf
from tests.team import posts

EVIL = "=<script>alert(1)</script>"


def asked_by(user: User, organization: Organization) -> HttpRequest:
    request = RequestFactory(REMOTE_ADDR="203.0.113.7", HTTP_USER_AGENT="Firefox").get("/")
    request.user, request.membership = user, posts.membership(organization, user)  # type: ignore[attr-defined]
    return request


def deeds() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("deed", flat=True))


@pytest.fixture
def written(alice: User, organization: Organization) -> AuditEvent:
    audit.record(asked_by(alice, organization), "key.revoke", "laptop")
    return AuditEvent.objects.get()


def test_an_event_says_who_what_when_and_from_where(written: AuditEvent, alice: User) -> None:
    assert (written.actor_id, written.actor_email) == (alice.pk, alice.email)
    assert (written.address, written.agent, written.target_name) == ("203.0.113.7", "Firefox", "laptop")
    assert abs(written.created_at - clock.now()) < timedelta(minutes=1)


def test_the_database_refuses_to_change_or_delete_one(written: AuditEvent) -> None:
    for change in (lambda: AuditEvent.objects.update(deed="key.generate"), lambda: AuditEvent.objects.all().delete()):
        with pytest.raises((IntegrityError, InternalError), match="append-only"), transaction.atomic():
            change()
    written.refresh_from_db()
    assert written.deed == "key.revoke"


def test_it_outlasts_the_person_who_did_it(written: AuditEvent, alice: User, admin: User) -> None:
    Membership.objects.filter(user=alice).delete()
    alice.delete()
    assert "alice@example.org" in browser(admin).get("/team/audit").content.decode()


def test_owners_and_admins_read_it_and_nobody_else(
    written: AuditEvent, alice: User, admin: User, bob: User, viewer: User, charlie: User
) -> None:
    for address in ("/team/audit", "/team/audit.csv"):
        for person in (alice, admin):
            answer = browser(person).get(address)
            assert "laptop" in "".join(part.decode() for part in answer)
        for person in (bob, viewer):
            assert browser(person).get(address).status_code == 403
        assert "laptop" not in "".join(part.decode() for part in browser(charlie).get(address))
        assert browser().get(address).status_code == 302


def test_only_managers_are_offered_it(alice: User, bob: User) -> None:
    assert "/team/audit" in browser(alice).get("/team").content.decode()
    assert "/team/audit" not in browser(bob).get("/team").content.decode()


def test_filters_combine_and_stay_in_the_address(alice: User, admin: User, organization: Organization) -> None:
    with time_machine.travel(clock.now() - timedelta(days=10), tick=True):
        audit.record(asked_by(alice, organization), "key.revoke", "old key")
    audit.record(asked_by(alice, organization), "key.revoke", "new key")
    audit.record(asked_by(admin, organization), "project.create", "Admins project")
    page = browser(alice)
    who = ids.public("user", alice.pk)
    for query, there, gone in (
        ("group=key", ["old key", "new key"], ["Admins project"]),
        (f"who={who}", ["old key", "new key"], ["Admins project"]),
        ("range=7d", ["new key", "Admins project"], ["old key"]),
        (f"group=key&who={who}&range=7d", ["new key"], ["old key", "Admins project"]),
        ("group=nonsense&who=user_x&range=forever", ["old key", "new key", "Admins project"], []),
    ):
        html = page.get(f"/team/audit?{query}").content.decode()
        assert all(name in html for name in there), query
        assert not any(name in html for name in gone), query
    assert "Nothing like that" in page.get("/team/audit?group=export").content.decode()
    assert f"/team/audit.csv?group=key&amp;who={who}" in page.get(f"/team/audit?group=key&who={who}").content.decode()


def test_older_events_are_on_the_next_page(alice: User, organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_page, "PAGE", 2)
    for number in range(5):
        audit.record(asked_by(alice, organization), "key.revoke", f"key {number}")
    seen, cursor = [], ""
    for _ in range(3):
        page = audit_page.page(organization, audit_page.Filter(), clock.now(), cursor=cursor)
        seen += [row.event.target_name for row in page.rows]
        cursor = page.next_cursor
    assert seen == [f"key {number}" for number in (4, 3, 2, 1, 0)]
    assert cursor == ""
    assert "Older" in browser(alice).get("/team/audit").content.decode()


def test_the_csv_is_harmless_and_reading_it_is_an_event_too(alice: User, organization: Organization) -> None:
    audit.record(asked_by(alice, organization), "project.create", EVIL, changes={"name": ("none", "+1")})
    answer = browser(alice).get("/team/audit.csv")
    rows = list(csv.DictReader(io.StringIO("".join(part.decode() for part in answer))))
    assert rows[0]["deed"] == "export.audit"
    assert (rows[1]["who"], rows[1]["target"], rows[1]["changes"]) == (alice.email, f"'{EVIL}", "name: none → +1")


def test_what_people_wrote_is_only_text(alice: User, organization: Organization) -> None:
    request = asked_by(alice, organization)
    request.META["HTTP_USER_AGENT"] = '"><script>alert(2)</script>'
    audit.record(request, "project.rename", EVIL, changes={"<b>x</b>": (EVIL, EVIL)})
    page = browser(alice).get("/team/audit").content.decode()
    assert "<script>alert(" not in page
    assert "<b>x</b>" not in page


def test_the_page_takes_as_many_queries_for_forty_events_as_for_one(alice: User, organization: Organization, written: AuditEvent) -> None:
    visit = browser(alice)
    few = queries_of(visit, "/team/audit")
    for number in range(40):
        audit.record(asked_by(alice, organization), "key.revoke", f"key {number}")
    assert queries_of(visit, "/team/audit") == few <= 14


def test_what_is_new_is_told_without_what_it_was_before(alice: User, organization: Organization) -> None:
    audit.record(asked_by(alice, organization), "member.invite", "dora@example.org", changes={"role": ("none", "viewer")})
    audit.record(asked_by(alice, organization), "budget.project", "Default", changes={"daily cap": ("none", "$20")})
    page = browser(alice).get("/team/audit").content.decode()
    assert "role: viewer" in page
    assert "daily cap: none → $20" in page


def test_every_deed_belongs_to_a_group_of_the_filter() -> None:
    assert {deed.partition(".")[0] for deed in DEEDS} == set(GROUPS)


# --- what writes it --------------------------------------------------------------------------------


def test_projects_and_budgets_write_it(alice: User, organization: Organization) -> None:
    visit = browser(alice)
    visit.post("/projects/new", {"name": "Bot"})
    bot = organization.projects.get(name="Bot")
    visit.post(pages.of(bot, "settings"), {"name": "Robot"})
    visit.post(pages.of(bot, "budgets"), {"daily_cap_nanousd": "20", "monthly_cap_nanousd": "", "sends_alerts": "on"})
    visit.post(pages.of(bot, "models"), {"models": [str(shelf.model("llama").pk)]})
    visit.post(pages.of(bot, "archive"), {"typed_name": "Robot"})
    assert deeds() == ["project.create", "project.rename", "budget.project", "project.models", "project.archive"]
    assert AuditEvent.objects.get(deed="budget.project").details == {"daily cap": ["none", "$20"]}
    assert AuditEvent.objects.get(deed="project.rename").details == {"name": ["Bot", "Robot"]}
    assert set(AuditEvent.objects.values_list("target_id", flat=True)) == {ids.public("proj", bot.pk)}


def test_keys_write_it_and_their_text_is_nowhere_in_it(alice: User, project: Project) -> None:
    visit = browser(alice)
    page = visit.post(
        "/keys/new", {"name": "laptop", "project": str(project.pk), "expires": "7", "daily_cap_nanousd": "5"}
    ).content.decode()
    api_key = ApiKey.objects.get(name="laptop")
    visit.post(pages.of_key(api_key), {"daily_cap_nanousd": "6"})
    visit.post(pages.of_key(api_key, "restrictions"), {"allowed_networks": "203.0.113.0/24"})
    visit.post(pages.of_key(api_key, "rotate"), {"overlap_h": "24"})
    visit.post(pages.of_key(api_key, "revoke"))
    assert deeds() == ["key.generate", "budget.key", "key.restrict", "key.rotate", "key.revoke"]
    assert AuditEvent.objects.get(deed="key.restrict").details == {"allowed networks": ["none", "203.0.113.0/24"]}
    secret = page.partition("clod_sk_")[2][13:56]
    assert len(secret) == 43
    assert not [event for event in AuditEvent.objects.values() if secret in str(event)]


def test_an_operators_revocation_is_in_the_organizations_log(project: Project, alice: User) -> None:
    api_key, _ = keys.generate(project, name="leaked", actor=alice)
    operator = User.objects.create_superuser("olga@example.org", None)
    browser(operator).post("/admin/projects/apikey/", {"action": "revoke", "_selected_action": [str(api_key.pk)]})
    event = AuditEvent.objects.get(deed="key.revoke")
    assert (event.organization, event.actor_email) == (project.organization, "olga@example.org")


def test_top_ups_and_exports_write_it(alice: User, organization: Organization) -> None:
    visit = browser(alice)
    visit.post("/billing/top-ups/automatic", {"is_on": "1", "threshold": "5", "amount": "25"})
    list(visit.get("/billing/statement.csv"))
    assert deeds() == ["money.automatic", "export.statement"]
    assert AuditEvent.objects.get(deed="money.automatic").details == {
        "on": ["none", "on"],
        "below": ["none", "$5"],
        "amount": ["none", "$25"],
    }


def test_settings_of_the_organization_write_what_changed(alice: User, organization: Organization) -> None:
    form = {"organization-name": "Northwind", "organization-time_zone": "America/Toronto", "organization-pays_after_free_quota": "on"}
    visit = browser(alice)
    visit.post("/settings/organization", form)
    visit.post("/settings/time-zone/keep")
    assert deeds() == ["settings.organization", "settings.time_zone_kept"]
    changes = AuditEvent.objects.get(deed="settings.organization").details
    assert changes == {"name": ["Alice's organization", "Northwind"], "time zone": ["UTC", "America/Toronto"]}


def test_members_and_invitations_write_it(alice: User, bob: User, admin: User, organization: Organization) -> None:
    visit = browser(alice)
    visit.post("/team/invitations/new", {"email": "dora@example.org", "role": "viewer"})
    visit.post(posts.of_invitation(organization.invitations.get(), "withdraw"))
    visit.post(posts.of_member(organization, bob), {"role": "viewer"})
    visit.post(posts.of_member(organization, bob, "remove"))
    browser(admin).post("/team/leave")
    assert deeds() == ["member.invite", "member.withdraw", "member.role", "member.remove", "member.leave"]
    assert AuditEvent.objects.get(deed="member.role").details == {"role": ["developer", "viewer"]}


def test_a_form_that_was_saved_as_it_was_is_not_written(alice: User, organization: Organization, project: Project) -> None:
    visit = browser(alice)
    visit.post(pages.of(project, "settings"), {"name": project.name})
    visit.post(pages.of(project, "budgets"), {"sends_alerts": "on"})
    form = {"organization-name": organization.name, "organization-time_zone": "UTC", "organization-pays_after_free_quota": "on"}
    assert visit.post("/settings/organization", form).status_code == 302
    assert deeds() == []


def test_what_is_refused_is_not_written(alice: User, bob: User, organization: Organization) -> None:
    browser(alice).post("/team/leave")
    browser(bob).post("/projects/new", {"name": "Mine"})
    browser(alice).post(posts.of_member(organization, alice), {"role": "viewer"})
    assert deeds() == []


def test_log_ins_and_passwords_are_in_the_log_of_each_organization(alice: User, organization: Organization, charlie: User) -> None:
    theirs = organization_of(charlie)
    Membership.objects.create(organization=theirs, user=alice, role=Role.VIEWER)
    alice.set_password(PASSWORD)
    alice.save()
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    visit = browser()
    assert visit.post("/accounts/login/", {"login": alice.email, "password": PASSWORD}).status_code == 302
    new = "another lighthouse in the fog"
    visit.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    for each in (organization, theirs):
        told = AuditEvent.objects.filter(organization=each).order_by("id").values_list("deed", "actor_email")
        assert list(told) == [("sign_in.log_in", alice.email), ("sign_in.password_changed", alice.email)]
    assert not [event for event in AuditEvent.objects.values() if new in str(event) or PASSWORD in str(event)]


def test_addresses_are_told_by_name(alice: User, organization: Organization) -> None:
    address = EmailAddress(user=alice, email="alice@elsewhere.example")
    request = asked_by(alice, organization)
    signals.email_added.send(sender=User, request=request, user=alice, email_address=address)
    signals.email_changed.send(sender=User, request=request, user=alice, from_email_address=None, to_email_address=address)
    signals.email_removed.send(sender=User, request=request, user=alice, email_address=address)
    assert deeds() == ["sign_in.address_added", "sign_in.address_changed", "sign_in.address_removed"]
    assert set(AuditEvent.objects.values_list("target_name", flat=True)) == {"alice@elsewhere.example"}


def test_nothing_is_told_where_nothing_differs() -> None:
    assert audit.changed(
        {"daily_cap_nanousd": usd("1"), "a": [2, 1], "b": False}, {"daily_cap_nanousd": usd("1"), "a": [1, 2], "b": True}
    ) == {"b": ("off", "on")}
    many = audit.changed({}, {"models": [f"m{number:02}" for number in range(30)]})["models"][1]
    assert many.endswith("m19 and 10 more")


def test_second_factors_are_told_by_their_kind_and_their_secrets_are_not(alice: User, organization: Organization) -> None:
    factor = Authenticator(user=alice, type=Authenticator.Type.TOTP, data={"secret": "SESAME"})
    for signal in (mfa.authenticator_added, mfa.authenticator_reset, mfa.authenticator_removed):
        signal.send(sender=Authenticator, request=asked_by(alice, organization), user=alice, authenticator=factor)
    assert deeds() == ["sign_in.factor_added", "sign_in.factor_renewed", "sign_in.factor_removed"]
    assert set(AuditEvent.objects.values_list("target_name", flat=True)) == {"TOTP Authenticator"}
    assert not [event for event in AuditEvent.objects.values() if "SESAME" in str(event)]


def test_connected_accounts_are_told_by_their_provider(alice: User, organization: Organization) -> None:
    account, request = SocialAccount(user=alice, provider="github", uid="1"), asked_by(alice, organization)
    social.social_account_added.send(sender=SocialLogin, request=request, sociallogin=SocialLogin(user=alice, account=account))
    social.social_account_removed.send(sender=SocialAccount, request=request, socialaccount=account)
    assert deeds() == ["sign_in.account_connected", "sign_in.account_disconnected"]
    assert set(AuditEvent.objects.values_list("target_name", flat=True)) == {"github"}
