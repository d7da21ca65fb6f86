"""Every admin page, opened by each staff role: as the table of roles says, with few queries, and without a secret."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Organization, Role, User
from catalog.models import DataCenter, Endpoint, Provider
from clod_site.admin_pages import Record
from office import roles
from projects import keys
from projects.models import ApiKey, Project
from tests.activity import said
from tests.admin.conftest import DIGEST, SESSION_KEY
from tests.admin.staff import EDITS, READS, SUPERUSERS_ALONE, member
from tests.people import browser, join, queries_of

MOST_QUERIES = 40  # an organization's page, which tells of everything it has; the others take about a dozen
KEY = "sk-of-the-upstream"
SAID = ("Capital of France?", "Be brief.", "Paris.")
ROLES = pytest.mark.parametrize("role", sorted(READS))


def address(model: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def pages_of(model: Any, role: str) -> dict[str, int]:
    """Its pages, and the answer that role gets."""
    reads = model.__name__ in READS[role]
    adds = model.__name__ in EDITS[role] and not isinstance(admin.site._registry[model], Record)
    found = {address(model, "changelist"): 200 if reads else 403, address(model, "add"): 200 if adds else 403}
    for row in model._default_manager.all()[:1]:
        found[address(model, "change", row.pk)] = 200 if reads else 403
        found[address(model, "history", row.pk)] = 200 if reads else 403
        found[address(model, "delete", row.pk)] = 200 if adds else 403
    return found


@pytest.fixture
def secrets(furnished: None, alice: User) -> tuple[str, ...]:
    """Everything that no page may show: keys, digests, sessions, hashes of passwords, and what was said."""
    alice.set_password("a long enough passphrase")
    alice.save()
    sealed = []
    for row in (*Provider.objects.all(), *DataCenter.objects.all()):
        row.set_credential(KEY)
        row.save()
        sealed.append(row.credential_sealed)
    return (KEY, *sealed, DIGEST.hex(), SESSION_KEY, alice.password, alice.password.rpartition("$")[2], *SAID)


@ROLES
def test_every_page_opens_for_whom_it_should(role: str, secrets: tuple[str, ...]) -> None:
    visit, wrong, told = browser(member(role)), [], []
    visit.get("/admin/")
    for model in admin.site._registry:
        for page, expected in pages_of(model, role).items():
            with CaptureQueriesContext(connection) as queries:
                answer = visit.get(page)
            text = answer.content.decode()
            if answer.status_code != expected or (expected == 200 and len(queries) > MOST_QUERIES):
                wrong.append((page, answer.status_code, expected, len(queries)))
            told += [(page, secret) for secret in secrets if secret in text]
    assert not wrong
    assert not told


def test_an_organization_with_many_members_and_projects_takes_no_more_queries(furnished: None, organization: Organization) -> None:
    visit, page = browser(member("Support")), address(Organization, "change", organization.pk)
    few = queries_of(visit, page)
    for number in range(8):
        join(organization, f"member-{number}", Role.DEVELOPER)
        Project.objects.create(organization=organization, name=f"Project {number}")
    assert queries_of(visit, page) == few


def test_a_superuser_s_pages_tell_no_secret_either(office: Client, secrets: tuple[str, ...]) -> None:
    for model in admin.site._registry:
        for row in model._default_manager.all()[:1]:
            text = office.get(address(model, "change", row.pk)).content.decode()
            assert not [secret for secret in secrets if secret in text], model


def test_a_user_s_page_says_whether_there_is_a_password_and_nothing_of_it(secrets: tuple[str, ...], office: Client, alice: User) -> None:
    method, _, salt = alice.password.split("$")[:3]
    for visit in (office, browser(member("Support"))):
        text = visit.get(address(User, "change", alice.pk)).content.decode()
        assert "A password is set." in text
        assert not [word for word in (method, salt[:4], alice.password[-12:][:6]) if word in text]


def test_the_table_names_every_model(db: None) -> None:
    assert {model.__name__ for model in admin.site._registry} == READS["Support"] | SUPERUSERS_ALONE


def test_bodies_have_no_page_at_all(furnished: None, office: Client) -> None:
    assert not [model for model in admin.site._registry if model.__name__ == "Body"]
    assert said.DOCUMENT["request"]["messages"][1]["content"] == SAID[0]  # what the pages above were searched for


@ROLES
def test_nobody_changes_what_they_only_read(role: str, furnished: None) -> None:
    visit = browser(member(role))
    for model in admin.site._registry:
        if model.__name__ not in EDITS[role]:
            for row in model._default_manager.all()[:1]:
                assert visit.post(address(model, "change", row.pk), {"_save": "Save"}).status_code == 403, model
                assert visit.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403, model


@ROLES
def test_the_front_page_and_the_menu_show_what_the_role_reads(role: str, furnished: None) -> None:
    answer = browser(member(role)).get("/admin/")
    links = {item["link"] for group in answer.context["sidebar_navigation"] for item in group["items"]}
    assert links == {address(model, "changelist") for model in admin.site._registry if model.__name__ in READS[role]}
    assert "Requests a second" in answer.content.decode()


def test_staff_without_a_role_read_what_to_do(furnished: None) -> None:
    text = browser(member()).get("/admin/").content.decode()
    assert "You have no role yet" in text
    assert "newcomer@example.org" in text
    assert all(role in text for role in READS)
    assert "Requests a second" not in text


DEEDS = {"accounts_organization_suspend": {"Operator"}, "accounts_organization_reopen": {"Operator"}}
DEEDS |= {"accounts_organization_credit": {"Finance"}, "accounts_organization_take_back": {"Finance"}}


@ROLES
def test_deeds_on_an_organization_are_their_role_s_alone(role: str, organization: Organization) -> None:
    visit = browser(member(role))
    page = visit.get(address(Organization, "change", organization.pk)).content.decode()
    for deed, may in DEEDS.items():
        where = reverse(f"admin:{deed}", args=[organization.pk])
        assert visit.get(where).status_code == (200 if role in may else 403), deed
        assert visit.post(where, {}).status_code in ({200, 302} if role in may else {403}), deed
        if role not in may:
            assert f'href="{where}"' not in page


@ROLES
def test_api_keys_and_endpoints_are_operators_to_stop(role: str, project: Project, alice: User, endpoint: Endpoint) -> None:
    key, _ = keys.generate(project, name="leaked", actor=alice)
    visit = browser(member(role))
    visit.post(address(ApiKey, "changelist"), {"action": "revoke", "_selected_action": key.pk})
    visit.post(address(Endpoint, "changelist"), {"action": "drain_all", "_selected_action": endpoint.pk})
    assert visit.get(reverse("admin:catalog_endpoint_eject", args=[endpoint.pk])).status_code == (200 if role == "Operator" else 403)
    stopped = bool(ApiKey.objects.get(pk=key.pk).revoked_at), Endpoint.objects.get().withheld
    assert stopped == ((True, "drained") if role == "Operator" else (False, ""))


def test_the_catalog_s_file_is_read_by_who_reads_the_catalog_and_imported_by_operators(db: None) -> None:
    for role, export, importing in (("Support", 200, 403), ("Finance", 200, 403), ("Operator", 200, 200)):
        visit = browser(member(role))
        assert visit.get(reverse("admin:catalog_model_export_catalog")).status_code == export
        assert visit.get(reverse("admin:catalog_model_import_catalog")).status_code == importing


def test_migrating_again_gives_roles_back_what_they_had_and_no_more(db: None) -> None:
    roles.ensure()
    finance = Group.objects.get(name="Finance")
    finance.permissions.set(Permission.objects.filter(codename="delete_user"))
    roles.ensure()
    held = {f"{app}.{name}" for app, name in finance.permissions.values_list("content_type__app_label", "codename")}
    assert held == roles.FINANCE.may


def test_only_superusers_make_staff(alice: User, furnished: None) -> None:
    for role in READS:
        form = {"email": alice.email, "is_active": "on", "is_staff": "on", "is_superuser": "on"}
        assert browser(member(role)).post(address(User, "change", alice.pk), form).status_code == 403
    alice.refresh_from_db()
    assert not alice.is_staff
