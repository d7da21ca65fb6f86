"""What is being written in Studio: whose it is, what a reload and an address do to it, and what a preset keeps of it."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser import pages
from tests.clients.fakes import Fakes
from tests.studio import desk

pytestmark = [pytest.mark.site, pytest.mark.browser]

PASSWORD = "another-long-one-7"
SECOND = f"""
from accounts.models import Organization, User
from tests.people import join
from accounts.models import Role
organization = Organization.objects.earliest("created_at")
organization.projects.create(name="Nightly")
join(organization, "bob", Role.DEVELOPER)
bob = User.objects.get(email__startswith="bob@")
bob.set_password("{PASSWORD}")
bob.save()
import json
print(json.dumps(bob.email))
"""


@pytest.fixture(scope="module")
def bob(fakes) -> str:
    return str(desk.shell(fakes.site, SECOND))


@pytest.fixture
def page(chromium, fakes, bob):
    with desk.opened(chromium, fakes.site) as page:
        yield page


def test_the_next_person_in_the_same_tab_does_not_see_it(page, fakes, bob) -> None:
    write(page, "alice's secret plan")
    page.get_by_label("Account of").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(lambda url: "/studio" not in url)
    assert "secret" not in page.evaluate("JSON.stringify(sessionStorage)")
    page.go_back()
    assert "secret" not in page.evaluate("JSON.stringify(sessionStorage)")
    pages.log_in(page, fakes.site.email, fakes.site.password)
    write(page, "alice's other plan")
    page.context.clear_cookies()  # a log-in that ended by itself: nobody logged out
    pages.log_in(page, bob, PASSWORD)
    page.goto("/studio")
    expect(desk.prompt(page)).to_have_value("")
    assert "plan" not in page.content()
    assert "plan" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_a_reload_and_the_way_back_keep_the_project_and_what_was_changed(page) -> None:
    page.goto("/studio?model=fake-echo")
    page.get_by_label("Project").select_option(label="Nightly")
    desk.prompt(page).fill("half a thought")
    desk.add_pane(page, "fake/slow")
    page.reload()
    expect(page.get_by_role("button", name="Model: fake/slow")).to_be_visible()
    page.goto("/models")
    page.goto("/studio")
    is_as_it_was(page)
    page.goto("/studio?model=fake-json")
    page.goto("/models")
    page.go_back()
    is_as_it_was(page)
    expect(page.get_by_role("button", name="Model: fake/json")).to_be_visible()


def is_as_it_was(page: Page) -> None:
    expect(desk.prompt(page)).to_have_value("half a thought")
    assert page.get_by_label("Project").evaluate("select => select.selectedOptions[0].text") == "Nightly"


def test_a_preset_does_not_swallow_what_was_being_written(page) -> None:
    write(page, "Good morning")
    save_preset(page, "Greeting")
    address = page.url
    page.get_by_label("Temperature").fill("0.35")
    desk.prompt(page).fill("Good evening, edited since")
    page.reload()
    expect(desk.prompt(page)).to_have_value("Good evening, edited since")
    expect(page.get_by_label("Temperature")).to_have_value("0.35")
    assert page.get_by_label("Temperature").evaluate("field => field.checkValidity()"), "no step is asked for"
    expect(page.locator("#preset-shown")).to_have_text("Greeting")
    page.goto(address)
    expect(desk.prompt(page)).to_have_value("Good morning")
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(desk.prompt(page)).to_have_value("Good evening, edited since")
    expect(page.locator("#preset-shown")).to_be_hidden()
    assert page.url.endswith("/studio")


def test_a_preset_keeps_the_prompt_that_was_just_sent_and_an_update_can_be_undone(page, fakes) -> None:
    page.goto("/studio?model=fake-echo")
    desk.ask(page, "What did I just ask?")
    desk.is_done(desk.answers(page))
    expect(desk.prompt(page)).to_have_value("")
    save_preset(page, "Just asked", says="Saved with the prompt “What did I just ask?”")
    assert stored(fakes, "Just asked") == "What did I just ask?"
    desk.ask(page, "And a second one?")
    desk.is_done(desk.answers(page).nth(1))
    page.get_by_text("Presets", exact=True).click()
    page.get_by_role("button", name="Update this preset").click()
    toast = page.locator(".toast", has_text="Just asked is updated, with the prompt “And a second one?”")
    expect(toast).to_be_visible()
    assert stored(fakes, "Just asked") == "And a second one?"
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("Just asked is as it was")
    assert stored(fakes, "Just asked") == "What did I just ask?"


def test_what_replaces_something_can_be_undone(page) -> None:
    page.goto("/studio?model=fake-echo")
    desk.ask(page, "first")
    desk.is_done(desk.answers(page))
    desk.prompt(page).fill("being written")
    page.get_by_role("button", name="History").click()
    page.get_by_role("button", name="Use it again").first.click()
    expect(desk.prompt(page)).to_have_value("first")
    expect(desk.answers(page)).to_have_count(0)
    undo(page)
    expect(desk.prompt(page)).to_have_value("being written")
    expect(desk.answers(page).locator(".text")).to_have_text("first")
    page.get_by_role("button", name="New conversation").click()
    expect(desk.answers(page)).to_have_count(0)
    undo(page)
    desk.ask(page, "second")
    expect(desk.answers(page).locator(".text")).to_have_text(["first", "second"])
    page.get_by_text("Tools", exact=True).click()
    tools = page.get_by_label("Tools, as a JSON list")
    tools.fill('[{"type": "function", "function": {"name": "mine"}}]')
    page.locator("[data-example-of=tools]").click()
    expect(tools).not_to_have_value("mine")
    undo(page)
    assert "mine" in tools.input_value()


def test_an_address_that_names_what_is_not_there_says_so(page) -> None:
    page.goto("/studio?model=nonexistent&project=proj_0000000000000000000000")
    expect(page.locator("#toasts")).to_contain_text("There is no model nonexistent here")
    expect(page.locator("#toasts")).to_contain_text("There is no such project here")


def write(page: Page, text: str) -> None:
    page.goto("/studio?model=fake-echo")
    desk.prompt(page).fill(text)
    expect(page.locator(".quote:visible")).to_be_visible()  # the draft is written by then, too


def undo(page: Page) -> None:
    page.locator("#toasts").get_by_role("button", name="Undo").last.click()


def save_preset(page: Page, name: str, says: str = "") -> None:
    page.get_by_text("Presets", exact=True).click()
    page.get_by_role("button", name="Save as a preset").click()
    dialog = page.get_by_role("dialog", name="Save as a preset")
    expect(dialog).to_contain_text(says)
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_role("button", name="Save preset").click()
    expect(page.locator("#toasts")).to_contain_text(f"{name} is saved")


def stored(fakes: Fakes, name: str) -> str:
    """Read at once: what may be undone may be so for twenty seconds."""
    [[setup]] = desk.rows(fakes.site, "SELECT setup FROM studio_studiopreset WHERE name = ?", name)
    return str(json.loads(setup)["prompt"])
