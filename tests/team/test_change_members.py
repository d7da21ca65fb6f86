"""Roles, removal, leaving, passing on: and an owner remains, whatever happens at once."""

import threading
from unittest.mock import Mock

import pytest
from django.core import mail
from django.db import connection

from accounts.models import FreeQuota, Membership, Organization, Role, User
from clod_site.lib import ids
from projects import keys
from projects.models import Project
from studio import tokens
from team import farewell, members
from team.models import Invitation
from tests.people import browser, join, organization_of
from tests.team import posts


def role_of(organization: Organization, user: User) -> str | None:
    found = Membership.objects.filter(organization=organization, user=user).first()
    return found.role if found else None


def test_owners_and_admins_change_roles(alice: User, admin: User, bob: User, organization: Organization) -> None:
    for person, role in ((alice, "viewer"), (admin, "admin"), (alice, "developer")):
        assert browser(person).post(posts.of_member(organization, bob), {"role": role})["Location"] == "/team"
        assert role_of(organization, bob) == role


def test_a_changed_role_holds_from_the_next_request_on(alice: User, bob: User, organization: Organization, project: Project) -> None:
    visit = browser(bob)
    assert visit.get("/keys/new").status_code == 200
    browser(alice).post(posts.of_member(organization, bob), {"role": "viewer"})
    assert visit.get("/keys/new").status_code == 403


@pytest.mark.parametrize("deed", ["", "remove", "transfer"])
def test_bob_the_viewer_and_charlie_change_nobody(
    bob: User, viewer: User, charlie: User, admin: User, organization: Organization, deed: str
) -> None:
    address = posts.of_member(organization, admin, deed)
    for person, status in ((bob, 403), (viewer, 403)):
        assert browser(person).get(address).status_code == status
        assert browser(person).post(address, {"role": "viewer", "typed_name": organization.name}).status_code == status
    assert browser(charlie).get(address).status_code == 404
    assert browser(charlie).post(address, {"role": "viewer", "typed_name": organization.name}).status_code == 404
    assert role_of(organization, admin) == Role.ADMIN


def test_an_admin_neither_changes_nor_removes_an_owner(admin: User, alice: User, organization: Organization) -> None:
    for address, form in ((posts.of_member(organization, alice), {"role": "viewer"}), (posts.of_member(organization, alice, "remove"), {})):
        answer = browser(admin).post(address, form, follow=True)
        assert "only an owner can" in answer.content.decode()
    assert role_of(organization, alice) == Role.OWNER


def test_nobody_is_made_an_owner_by_a_role(alice: User, bob: User, organization: Organization) -> None:
    assert browser(alice).post(posts.of_member(organization, bob), {"role": "owner"}).status_code == 422
    with pytest.raises(members.Refused):
        members.change_role(posts.membership(organization, alice), posts.membership(organization, bob).pk, "owner")


def test_nobody_changes_their_own_role(alice: User, admin: User, organization: Organization) -> None:
    for person in (alice, admin):
        answer = browser(person).post(posts.of_member(organization, person), {"role": "viewer"}, follow=True)
        assert "This is you" in answer.content.decode()
    assert (role_of(organization, alice), role_of(organization, admin)) == (Role.OWNER, Role.ADMIN)


def test_a_role_lost_while_the_page_was_open_counts(alice: User, admin: User, bob: User, organization: Organization) -> None:
    stale = posts.membership(organization, admin)
    members.change_role(posts.membership(organization, alice), stale.pk, "viewer")
    with pytest.raises(members.Refused):
        members.remove(stale, posts.membership(organization, bob).pk)


def test_what_a_removed_member_had_open_ends_at_once(alice: User, bob: User, organization: Organization, project: Project) -> None:
    visit = browser(bob)
    token = visit.post("/studio/token", {"project": ids.public("proj", project.pk)}).json()["token"]
    assert tokens.find(token) is not None
    browser(alice).post(posts.of_member(organization, bob, "remove"))
    assert tokens.find(token) is None
    assert visit.get("/projects").status_code == 403
    assert visit.post("/studio/token", {"project": ids.public("proj", project.pk)}).status_code == 403


def test_a_removed_member_is_told_and_removed_also_without_a_mail_server(
    alice: User, bob: User, admin: User, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser(alice).post(posts.of_member(organization, bob, "remove"))
    (told,) = mail.outbox
    assert told.to == [bob.email]
    assert f"{alice.email} removed you from {organization.name}" in told.body
    monkeypatch.setattr(farewell, "send_mail", Mock(side_effect=ConnectionRefusedError))
    browser(alice).post(posts.of_member(organization, admin, "remove"))
    assert not Membership.objects.filter(organization=organization, user=admin).exists()


def test_a_removed_member_falls_back_to_their_own_organization(alice: User, charlie: User, organization: Organization) -> None:
    Membership.objects.create(organization=organization, user=charlie, role=Role.ADMIN)
    visit = browser(charlie)
    visit.post("/organization/choose", {"organization": str(organization.pk)})
    browser(alice).post(posts.of_member(organization, charlie, "remove"))
    page = visit.get("/projects").content.decode()
    assert organization.name not in page
    assert organization_of(charlie).name.replace("'", "&#x27;") in page


def test_before_a_removal_one_reads_of_the_keys_that_go_on(alice: User, bob: User, organization: Organization, project: Project) -> None:
    address = posts.of_member(organization, bob, "remove")
    assert "API key" not in browser(alice).get(address).content.decode().partition('id="main"')[2].partition("</main>")[0]
    keys.generate(project, name="bobs", actor=bob)
    assert "1 API key they generated goes on working" in browser(alice).get(address).content.decode()


def test_invitations_of_somebody_who_may_no_longer_invite_are_withdrawn(alice: User, admin: User, organization: Organization) -> None:
    browser(admin).post("/team/invitations/new", {"email": "dora@example.org", "role": "admin"})
    browser(alice).post(posts.of_member(organization, admin), {"role": "developer"})
    assert not Invitation.objects.exists()
    assert browser().get(posts.link(mail.outbox[0])).status_code == 404


def test_so_are_those_of_an_admin_whose_membership_ends_in_any_way(admin: User, organization: Organization) -> None:
    browser(admin).post("/team/invitations/new", {"email": "dora@example.org", "role": "admin"})
    posts.membership(organization, admin).delete()
    assert not Invitation.objects.exists()


def test_everybody_but_the_only_owner_leaves(alice: User, bob: User, viewer: User, admin: User, organization: Organization) -> None:
    for person in (bob, viewer, admin):
        assert "Leave" in browser(person).get("/team").content.decode()
        assert browser(person).get("/team/leave").status_code == 200
        assert browser(person).post("/team/leave")["Location"] == "/projects"
        assert role_of(organization, person) is None
    assert "You are its only owner" in browser(alice).get("/team/leave").content.decode()
    answer = browser(alice).post("/team/leave", follow=True)
    assert "You are the only owner" in answer.content.decode()
    assert role_of(organization, alice) == Role.OWNER


def test_one_of_two_owners_leaves(alice: User, organization: Organization) -> None:
    join(organization, "olga", Role.OWNER)
    assert browser(alice).post("/team/leave")["Location"] == "/projects"
    assert role_of(organization, alice) is None


def test_free_requests_leave_with_who_brought_them(alice: User, organization: Organization) -> None:
    join(organization, "olga", Role.OWNER)
    assert FreeQuota.objects.get(user=alice).organization == organization
    browser(alice).post("/team/leave")
    assert FreeQuota.objects.get(user=alice).organization is None


def test_an_owner_passes_it_on_with_its_name_typed(alice: User, bob: User, organization: Organization) -> None:
    address = posts.of_member(organization, bob, "transfer")
    assert browser(alice).get(address).status_code == 200
    assert browser(alice).post(address, {"typed_name": "something else"}).status_code == 422
    assert role_of(organization, alice) == Role.OWNER
    assert browser(alice).post(address, {"typed_name": organization.name})["Location"] == "/team"
    assert (role_of(organization, alice), role_of(organization, bob)) == (Role.ADMIN, Role.OWNER)


def test_an_admin_cannot_take_it(admin: User, bob: User, organization: Organization) -> None:
    assert browser(admin).post(posts.of_member(organization, bob, "transfer"), {"typed_name": organization.name}).status_code == 403
    assert browser(admin).post(posts.of_member(organization, admin, "transfer"), {"typed_name": organization.name}).status_code == 403
    with pytest.raises(members.Refused):
        members.transfer(posts.membership(organization, admin), posts.membership(organization, bob).pk)


def test_it_is_not_passed_to_oneself_nor_to_a_switched_off_account(alice: User, bob: User, organization: Organization) -> None:
    assert browser(alice).post(posts.of_member(organization, alice, "transfer"), {"typed_name": organization.name}).status_code == 404
    User.objects.filter(pk=bob.pk).update(is_active=False)
    answer = browser(alice).post(posts.of_member(organization, bob, "transfer"), {"typed_name": organization.name}, follow=True)
    assert "is switched off" in answer.content.decode()
    assert role_of(organization, alice) == Role.OWNER


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_leave_at_once_one_stays() -> None:
    from accounts import onboarding
    from tests.people import person

    organization = onboarding.create_personal_organization(first := person("alice"))
    second = join(organization, "olga", Role.OWNER)
    outcomes = at_once(*(lambda user=user: members.leave(posts.membership(organization, user)) for user in (first, second)))
    assert sorted(outcomes) == ["Refused", "done"]
    assert Membership.objects.filter(organization=organization, role=Role.OWNER).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_remove_each_other_at_once_one_stays() -> None:
    from accounts import onboarding
    from tests.people import person

    organization = onboarding.create_personal_organization(first := person("alice"))
    second = join(organization, "olga", Role.OWNER)
    one, other = posts.membership(organization, first), posts.membership(organization, second)
    outcomes = at_once(lambda: members.remove(one, other.pk), lambda: members.remove(other, one.pk))
    assert sorted(outcomes) == ["Http404", "done"]
    assert Membership.objects.filter(organization=organization, role=Role.OWNER).count() == 1


def at_once(*deeds: object) -> list[str]:
    """Both start together, each on a connection of its own; what became of each."""
    barrier, outcomes = threading.Barrier(len(deeds)), []

    def run(deed: object) -> None:
        barrier.wait()
        try:
            deed()  # type: ignore[operator]
            outcomes.append("done")
        except Exception as error:
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return outcomes
