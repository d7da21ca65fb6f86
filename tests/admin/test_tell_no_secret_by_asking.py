"""A list that takes any lookup tells letter by letter what no page shows. Lists take the lookups of their own filters and links alone."""

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import models
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import Organization, User
from catalog.models import Provider
from clod_site.admin_pages import OnlyShown, Page
from studio.models import StudioToken
from tests.admin.conftest import DIGEST, SESSION_KEY
from tests.admin.staff import READS, member
from tests.people import browser

LOOKUPS = ("", "__startswith", "__icontains", "__regex", "__gt", "__in", "__exact", "__isnull", "__length__gt")
SECRET = {"password", "credential_sealed", "session_key", "session_sealed", "digest", "data", "setup", "claim"}
SECRET |= {"secret_sealed", "previous_secret_sealed"}
ROLES = pytest.mark.parametrize("role", [*sorted(READS), "superuser"])


def someone(role: str) -> User:
    return User.objects.create_superuser("root@example.org", None) if role == "superuser" else member(role)


def columns_of(model: Any) -> Iterator[str]:
    """Its own, and those of the tables it leads to."""
    for field in model._meta.get_fields():
        yield field.name
        if field.is_relation and field.related_model:
            yield from (f"{field.name}__{other.name}" for other in field.related_model._meta.get_fields())
    yield from ("data__secret", "setup__system", "user__mfa__data__secret")


def offered_by(page: Any, request: Any) -> set[str]:
    """What the filters of the list ask for, as the list itself says, and the links other pages have to it."""
    shown = page.get_changelist_instance(request)
    by_date = {f"{page.date_hierarchy}__{part}" for part in ("year", "month", "day")} if page.date_hierarchy else set()
    return {name for spec in shown.filter_specs for name in spec.expected_parameters()} | by_date | set(page.linked)


def is_secret(field: Any) -> bool:
    return isinstance(field, models.BinaryField) or field.name in SECRET


def address(model: Any, page: str = "changelist") -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}")


@ROLES
def test_no_list_takes_a_lookup_that_it_does_not_offer(role: str, furnished: None) -> None:
    request = RequestFactory().get("/")
    request.user, visit, wrong = someone(role), Client(), []
    visit.force_login(request.user)
    for model, page in admin.site._registry.items():
        if not page.has_view_permission(request):
            continue
        offered = offered_by(page, request)
        for column in columns_of(model):
            asked = {f"{column}{ending}" for ending in LOOKUPS} - offered
            wrong += [(model, lookup) for lookup in asked if page.lookup_allowed(lookup, "a", request) and not is_filtered(page, lookup)]
        for field in (field for field in model._meta.concrete_fields if is_secret(field)):
            answer = visit.get(address(model), {f"{field.name}__startswith": "a"})
            wrong += [(model, field.name, answer.status_code)] if answer.status_code != 400 else []
    assert not wrong


def is_filtered(page: Any, lookup: str) -> bool:
    """Other ways to ask what a filter of the page asks (``active`` for ``active__exact``), never of a column that is secret."""
    path = next((path for path in page.list_filter if lookup.startswith(path)), "")
    return bool(path) and lookup.removeprefix(path) in {"", "__exact", "__isnull", "__id__exact"} and path not in SECRET


@ROLES
def test_the_lookups_that_told_a_session_and_keys_answer_the_same_whatever_is_asked(role: str, furnished: None) -> None:
    Provider.objects.update(credential_sealed=SESSION_KEY)
    visit = browser(someone(role))
    for model, column in ((StudioToken, "session_key"), (Provider, "credential_sealed")):
        if visit.get(address(model)).status_code == 200:
            right, wrong = (visit.get(address(model), {f"{column}__startswith": guess}) for guess in (SESSION_KEY[:4], "zzzz"))
            assert (right.status_code, right.content) == (400, wrong.content)


def test_neither_search_nor_filters_nor_order_reach_what_is_secret(furnished: None) -> None:
    request = RequestFactory().get("/")
    request.user = someone("superuser")
    for model, page in admin.site._registry.items():
        hidden = {field.name for field in model._meta.concrete_fields if is_secret(field)} | set(getattr(page, "hidden", ()))
        reached = {path.lstrip("=^@") for path in page.get_search_fields(request)} | {*page.get_list_filter(request)}
        ordered = {page.get_changelist_instance(request).get_ordering_field(name) for name in page.list_display}
        parts = {part for path in reached | ordered if isinstance(path, str) for part in path.split("__")}
        assert not parts & (hidden | SECRET), model
        assert isinstance(page, Page), f"{model} has a page that does not keep to its own filters"


def test_a_search_for_a_secret_finds_nothing(office: Client, furnished: None) -> None:
    for model in (model for model, page in admin.site._registry.items() if page.search_fields):
        for guess in (SESSION_KEY[:6], DIGEST.hex()[:8]):
            assert not office.get(address(model), {"q": guess}).context["cl"].result_count, model


def test_a_popup_does_not_hand_out_another_column_in_the_place_of_the_id(office: Client, furnished: None) -> None:
    for model in admin.site._registry:
        for field in (field for field in model._meta.concrete_fields if is_secret(field)):
            assert office.get(address(model), {"_to_field": field.name, "_popup": 1}).status_code == 400, field


def test_links_and_filters_of_our_own_pages_still_answer(office: Client, furnished: None, organization: Organization) -> None:
    page = office.get(reverse("admin:accounts_organization_change", args=[organization.pk])).content.decode()
    links = {part.split('"')[0].replace("&amp;", "&") for part in page.split('href="')[1:] if "__exact=" in part.split('"')[0]}
    assert len(links) >= 3
    assert {office.get(link).status_code for link in links} == {200}
    for model in admin.site._registry:
        shown = office.get(address(model)).context["cl"]
        for spec in shown.filter_specs:
            for choice in list(spec.choices(shown))[-2:]:
                assert office.get(address(model) + choice["query_string"]).status_code == 200, (model, choice)


# --- bulk actions --------------------------------------------------------------------------------


@ROLES
def test_a_bulk_action_is_offered_only_to_whom_may_write_what_it_writes(role: str, furnished: None) -> None:
    request = RequestFactory().get("/")
    request.user = someone(role)
    for model, page in admin.site._registry.items():
        for name, (deed, *_) in page.get_actions(request).items():
            if not getattr(deed, "allowed_permissions", None):
                assert page.has_change_permission(request), (model, name)
            elif isinstance(page, OnlyShown):
                assert name in {"revoke", "delete_selected"}, (model, name)
    if role == "Support":
        assert not {name for page in admin.site._registry.values() for name in page.get_actions(request)}


def test_support_cannot_mark_an_address_as_verified(furnished: None, alice: User) -> None:
    row = EmailAddress.objects.get()
    browser(member("Support")).post(address(EmailAddress), {"action": "make_verified", "_selected_action": row.pk})
    row.refresh_from_db()
    assert not row.verified


def test_who_may_change_addresses_marks_them_and_the_history_says_so(furnished: None) -> None:
    row, clerk = EmailAddress.objects.get(), member("Support", "clerk")
    clerk.user_permissions.add(Permission.objects.get(codename="change_emailaddress"))
    browser(clerk).post(address(EmailAddress), {"action": "make_verified", "_selected_action": row.pk})
    row.refresh_from_db()
    assert row.verified
    assert LogEntry.objects.get(user=clerk).change_message == "Marked as verified."
