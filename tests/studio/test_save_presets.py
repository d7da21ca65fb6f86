"""Presets: saved by who may write, opened by those it is shared with, deleted and brought back."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.export import organization_exported
from accounts.leaving import account_closes
from accounts.models import Role, User
from clod_site.lib import clock, ids
from studio import presets
from studio.models import StudioPreset
from studio.tasks import forget_presets_and_tokens
from tests.people import browser, join, organization_of, queries_of

SETUP = {
    "panes": [{"model": "llama@price", "system": "", "prompt": ""}],
    "prompt": "Say <b>hello</b>",
    "separate": False,
    "fields": {"temperature": "0.2", "tools": "[{"},
}


def save(visit: Client, public_id: str = "", **fields: Any) -> Any:
    path = f"/studio/presets/{public_id}/save" if public_id else "/studio/presets/save"
    return visit.post(path, json.dumps({"setup": SETUP, "name": "Greeting"} | fields), content_type="application/json")


def saved(user: User, **fields: Any) -> StudioPreset:
    answer = save(browser(user), **fields)
    assert answer.status_code == 200, answer.content
    return StudioPreset.objects.latest("created_at")


def opened(user: User, preset: StudioPreset) -> Any:
    answer = browser(user).get(f"/studio?preset={preset.public_id}")
    return answer.context["data"]["preset"] if answer.status_code == 200 else answer.status_code


def do(user: User, preset: StudioPreset, deed: str, **fields: str) -> int:
    return browser(user).post(f"/studio/presets/{preset.public_id}/change", {"do": deed} | fields).status_code


def test_bob_saves_one_and_finds_it_as_it_was(bob: User) -> None:
    told = save(browser(bob)).json()
    preset = StudioPreset.objects.get()
    assert told["preset"]["id"] == preset.public_id
    assert "Greeting" in told["menu"]
    assert opened(bob, preset)["setup"] == SETUP
    assert opened(bob, preset)["is_mine"] is True


def test_it_is_bob_s_alone_until_he_shares_it(bob: User, alice: User, viewer: User) -> None:
    preset = saved(bob)
    assert opened(alice, preset) == 404
    assert do(bob, preset, "share") == 302
    assert opened(alice, preset)["is_mine"] is False
    assert opened(viewer, preset)["name"] == "Greeting"
    assert do(bob, preset, "unshare") == 302
    assert opened(alice, preset) == 404


@pytest.mark.parametrize("deed", ["save", "change", "delete", "restore"])
def test_for_charlie_it_does_not_exist(bob: User, charlie: User, deed: str) -> None:
    preset = saved(bob, is_shared=True)
    assert opened(charlie, preset) == 404
    answer = browser(charlie).post(f"/studio/presets/{preset.public_id}/{deed}", "{}", content_type="application/json")
    assert answer.status_code == 404
    assert "Greeting" not in browser(charlie).get("/studio/presets").content.decode()
    assert StudioPreset.objects.get().deleted_at is None


def test_a_viewer_opens_shared_ones_and_saves_none(bob: User, viewer: User) -> None:
    preset = saved(bob, is_shared=True)
    assert save(browser(viewer)).status_code == 403
    assert save(browser(viewer), preset.public_id).status_code == 403
    for deed in ("rename", "duplicate", "unshare"):
        do(viewer, preset, deed, name="Mine")
    browser(viewer).post(f"/studio/presets/{preset.public_id}/delete")
    assert [(row.name, row.is_shared, row.deleted_at) for row in StudioPreset.objects.all()] == [("Greeting", True, None)]
    page = browser(viewer).get("/studio/presets").content.decode()
    assert "Greeting" in page
    assert "Duplicate" not in page


def test_a_visitor_is_asked_to_log_in(db: None) -> None:
    assert browser().get("/studio/presets")["Location"].startswith("/accounts/login/")
    assert save(browser()).status_code == 302


def test_only_bob_changes_his_and_others_duplicate_it(bob: User, organization: Any) -> None:
    preset, dora = saved(bob, is_shared=True), join(organization, "dora", Role.DEVELOPER)
    assert save(browser(dora), preset.public_id).json()["error"]["code"] == "role_not_allowed"
    do(dora, preset, "rename", name="Dora's")
    do(dora, preset, "duplicate")
    assert sorted(StudioPreset.objects.values_list("name", "author__email", "is_shared")) == [
        ("Greeting", "bob@example.org", True),
        ("Greeting (copy)", "dora@example.org", False),
    ]


def test_bob_updates_and_renames_it(bob: User) -> None:
    preset = saved(bob)
    changed = SETUP | {"prompt": "Say goodbye"}
    assert save(browser(bob), preset.public_id, setup=changed, name="Farewell").status_code == 200
    assert opened(bob, preset)["setup"]["prompt"] == "Say goodbye"
    do(bob, preset, "rename", name="  Adieu \x00 ")
    assert opened(bob, preset)["name"] == "Adieu"


def test_an_admin_takes_a_shared_one_back_and_deletes_it(bob: User, admin: User) -> None:
    preset = saved(bob, is_shared=True)
    do(admin, preset, "rename", name="No")
    do(admin, preset, "unshare")
    assert opened(bob, preset)["is_shared"] is False
    assert browser(admin).post(f"/studio/presets/{preset.public_id}/delete").status_code == 404
    do(bob, preset, "share")
    assert browser(admin).post(f"/studio/presets/{preset.public_id}/delete").status_code == 302
    assert opened(bob, preset) == 404


def test_a_deleted_one_comes_back_within_the_hour(bob: User) -> None:
    preset, visit = saved(bob), browser(bob)
    page = visit.post(f"/studio/presets/{preset.public_id}/delete", follow=True).content.decode()
    assert opened(bob, preset) == 404
    assert f'action="/studio/presets/{preset.public_id}/restore"' in page
    visit.post(f"/studio/presets/{preset.public_id}/restore")
    assert opened(bob, preset)["setup"] == SETUP


def test_after_the_hour_it_is_gone_for_good(bob: User) -> None:
    kept, preset = saved(bob, name="Kept"), saved(bob)
    browser(bob).post(f"/studio/presets/{preset.public_id}/delete")
    forget_presets_and_tokens()
    assert StudioPreset.objects.count() == 2
    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        assert browser(bob).post(f"/studio/presets/{preset.public_id}/restore").status_code == 404
        forget_presets_and_tokens()
    assert StudioPreset.objects.get() == kept


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "  "}, "Give the preset a name"),
        ({"setup": None}, "nothing to save"),
        ({"setup": SETUP | {"panes": []}}, "cannot be saved"),
        ({"setup": SETUP | {"secret": 1}}, "cannot be saved"),
        ({"setup": SETUP | {"prompt": "a\x00"}}, "NUL"),
        ({"setup": SETUP | {"fields": {"tools": "x" * 300_000}}}, "256 KiB"),
    ],
)
def test_what_cannot_be_saved_says_why(bob: User, fields: dict[str, Any], said: str) -> None:
    answer = save(browser(bob), **fields)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]
    assert not StudioPreset.objects.exists()


def test_there_is_a_limit_to_them(bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presets, "MOST", 2)
    saved(bob)
    saved(bob)
    assert "2 presets here already" in save(browser(bob)).json()["error"]["message"]


def test_with_an_account_its_own_ones_go_and_shared_ones_stay(bob: User) -> None:
    saved(bob, name="Mine")
    saved(bob, name="Ours", is_shared=True)
    account_closes.send(sender=User, user=bob)
    assert [preset.name for preset in StudioPreset.objects.all()] == ["Ours"]


def test_an_owner_takes_the_shared_ones_out(bob: User, organization: Any) -> None:
    saved(bob, name="Mine")
    saved(bob, name="Ours", is_shared=True)
    told = [tables for _, tables in organization_exported.send(sender=type(organization), organization=organization)]
    [rows] = [list(tables["studio_presets"]) for tables in told if "studio_presets" in tables]
    assert [(row["name"], row["setup"]) for row in rows] == [("Ours", SETUP)]


def test_a_page_of_another_organization_saves_nothing(bob: User, charlie: User, organization: Any) -> None:
    there = organization_of(charlie)
    assert save(browser(bob), drawn_for=ids.public("org", organization.pk)).status_code == 200
    answer = save(browser(bob), drawn_for=ids.public("org", there.pk))
    assert answer.status_code == 409
    assert "another organization" in answer.json()["error"]["message"]
    assert StudioPreset.objects.count() == 1


def test_what_people_write_is_text_everywhere(bob: User) -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    preset = saved(bob, name=evil, setup=SETUP | {"prompt": evil, "panes": [{"model": evil}]})
    for address in ("/studio/presets", "/studio", f"/studio?preset={preset.public_id}"):
        assert "<img src=x" not in browser(bob).get(address).content.decode()
    assert "<img src=x" not in save(browser(bob)).json()["menu"]


def test_the_list_takes_as_many_queries_with_many_as_with_few(bob: User) -> None:
    saved(bob)
    few = queries_of(browser(bob), "/studio/presets")
    for number in range(12):
        StudioPreset.objects.create(organization=organization_of(bob), author=bob, name=f"N{number}", setup=SETUP)
    assert queries_of(browser(bob), "/studio/presets") == few <= 12
    assert queries_of(browser(bob), "/studio") <= 25
