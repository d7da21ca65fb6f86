"""Studio acts as its reader in a project: its caps and models hold, its token is renewed, and ends with the log-in and the role."""

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.clients.fakes import Fakes
from tests.site import eventually
from tests.studio import desk

pytestmark = [pytest.mark.site, pytest.mark.browser]

CAPPED = """
import json
from accounts.models import Organization
from catalog.models import Model
from clod_site.lib import ids
rich = Organization.objects.earliest("created_at")
capped = rich.projects.create(name="Capped", daily_cap_nanousd=1000)
narrow = rich.projects.create(name="Echo only")
narrow.allowed_models.set(Model.objects.filter(slug="fake-echo"))
print(json.dumps({"capped": ids.public("proj", capped.pk), "narrow": ids.public("proj", narrow.pk)}))
"""
MONEY = """SELECT (SELECT count(*) FROM activity_request), (SELECT count(*) FROM billing_ledgerentry),
    (SELECT sum(balance_nanousd) FROM billing_wallet)"""
PRESET = "Greeting in two words"


@pytest.fixture(scope="module")
def projects(fakes):
    return desk.shell(fakes.site, CAPPED)


def test_a_cap_that_is_reached_is_a_clear_sentence_and_costs_nothing(chromium: Browser, fakes, projects) -> None:
    with desk.opened(chromium, fakes.site, expected=("402",)) as page:
        page.goto(f"/studio?model=fake-echo&project={projects['capped']}")
        before = desk.rows(fakes.site, MONEY)
        desk.prompt(page).fill("Hello")
        expect(page.locator(".quote.bad")).to_contain_text("the project's day has only $0.000001 left")
        desk.prompt(page).press("Enter")
        problem = desk.answers(page).get_by_role("alert")
        expect(problem).to_contain_text("Capped")
        expect(problem).to_contain_text("402 project_daily_cap")
        expect(problem).to_contain_text("It begins anew on")
        expect(problem.get_by_role("link", name="Budgets of this project")).to_have_attribute(
            "href", f"/projects/{projects['capped']}/budgets"
        )
        expect(desk.said(page)).to_contain_text("failed")
        assert desk.rows(fakes.site, MONEY) == before
        page.get_by_label("Project").select_option(label="Default")
        problem.get_by_role("button", name="Try again").click()
        expect(desk.answers(page).locator(".text")).to_have_text("Hello")


def test_a_project_offers_its_own_models(chromium: Browser, fakes, projects) -> None:
    with desk.opened(chromium, fakes.site) as page:
        page.goto("/studio?model=fake-slow")
        page.get_by_label("Project").select_option(label="Echo only")
        expect(page.get_by_role("button", name="Model: fake/echo")).to_be_visible()
        page.get_by_role("button", name="Model: fake/echo").click()
        expect(page.get_by_role("option").filter(visible=True)).to_have_count(1)
        page.get_by_role("button", name="Available here").click()
        expect(page.get_by_role("option", name="fake/slow")).to_contain_text("not in this project")


def test_a_token_that_ends_in_mid_session_is_renewed_unseen(chromium: Browser, fakes) -> None:
    with desk.opened(chromium, fakes.site, expected=("401",)) as page:
        tokens: list[int] = []
        page.on("request", lambda request: request.url.endswith("/studio/token") and tokens.append(1))
        used = bearers(page)
        page.goto("/studio?model=fake-echo")
        desk.ask(page, "first")
        expect(desk.answers(page).locator(".text")).to_have_text(["first"])
        desk.rows(fakes.site, "UPDATE studio_studiotoken SET expires_at = '2020-01-01 00:00:00'")
        is_over(fakes, used[-1])
        desk.ask(page, "second")
        expect(desk.answers(page).locator(".text")).to_have_text(["first", "second"])
        assert len(tokens) == 2
        expect(page.get_by_role("alert").filter(visible=True)).to_have_count(0)


def test_after_a_log_out_it_says_so_and_keeps_what_was_written(chromium: Browser, fakes) -> None:
    with desk.opened(chromium, fakes.site, expected=("401",)) as page:
        used = bearers(page)
        page.goto("/studio?model=fake-echo")
        desk.ask(page, "first")
        expect(desk.answers(page).locator(".text")).to_have_text(["first"])
        desk.rows(fakes.site, "DELETE FROM django_session")
        is_over(fakes, used[-1])
        desk.ask(page, "a long thought")
        notice = page.locator("#studio-denied")
        expect(notice).to_contain_text("You are logged out")
        expect(desk.prompt(page)).to_have_value("a long thought")
        expect(desk.answers(page)).to_have_count(1)
        notice.get_by_role("link", name="Log in").click()
        page.get_by_label("E-mail").fill(fakes.site.email)
        page.get_by_label("Password").fill(fakes.site.password)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Studio")
        expect(desk.prompt(page)).to_have_value("a long thought")


def test_whoever_loses_the_role_is_told(chromium: Browser, fakes, projects) -> None:
    with desk.opened(chromium, fakes.site, expected=("401", "403")) as page:
        used = bearers(page)
        page.goto("/studio?model=fake-echo")
        desk.ask(page, "first")
        expect(desk.answers(page).locator(".text")).to_have_text(["first"])
        desk.rows(fakes.site, "UPDATE accounts_membership SET role = 'viewer' WHERE role = 'owner'")
        try:
            is_over(fakes, used[-1])
            desk.ask(page, "second")
            expect(page.locator("#studio-denied")).to_contain_text("developer role")
            expect(page.locator("#studio-denied").get_by_role("link")).to_have_count(0)  # a log-in would not help
            expect(desk.prompt(page)).to_have_value("second")
            page.get_by_label("Project").select_option(label="Echo only")
            expect(page.locator("#studio-denied")).to_be_hidden()
        finally:
            desk.rows(fakes.site, "UPDATE accounts_membership SET role = 'owner' WHERE role = 'viewer'")


def test_a_preset_goes_round(chromium: Browser, fakes) -> None:
    with desk.opened(chromium, fakes.site) as page:
        page.goto("/studio?model=fake-echo")
        desk.add_pane(page, "fake/slow")
        desk.prompt(page).fill("Good morning")
        page.get_by_label("System prompt (optional)").fill("Two words.")
        page.get_by_label("Temperature").fill("0.3")
        page.get_by_text("Presets", exact=True).click()
        page.get_by_role("button", name="Save as a preset").click()
        page.get_by_label("Name").fill(PRESET)
        page.get_by_label("Share it").check()
        page.get_by_role("button", name="Save preset").click()
        expect(page.locator("#toasts")).to_contain_text("is saved")
        address = page.url
        page.get_by_label("Temperature").fill("0.9")
        page.get_by_text("Presets", exact=True).click()
        page.get_by_role("button", name="Update this preset").click()
        expect(page.locator("#toasts")).to_contain_text("is updated")
    with desk.opened(chromium, fakes.site) as page:
        page.goto(address)
        expect(page.locator("#preset-shown")).to_have_text(PRESET)
        expect(desk.prompt(page)).to_have_value("Good morning")
        expect(page.get_by_label("System prompt (optional)")).to_have_value("Two words.")
        expect(page.get_by_label("Temperature")).to_have_value("0.9")
        expect(page.get_by_role("button", name="Model: fake/slow")).to_be_visible()
        page.goto("/studio/presets")
        row = page.get_by_role("row", name=PRESET)
        row.locator("summary").click()
        row.get_by_role("button", name=f"Delete {PRESET}").click()
        expect(page.get_by_role("row", name=PRESET)).to_have_count(0)
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("row", name=PRESET)).to_have_count(1)


def test_runs_are_remembered_on_this_device_until_they_are_cleared(chromium: Browser, fakes) -> None:
    with desk.opened(chromium, fakes.site) as page:
        page.goto("/studio?model=fake-echo")
        desk.ask(page, "remember me")
        desk.is_done(desk.answers(page))
        page.reload()
        page.get_by_role("button", name="History").click()
        dialog = page.get_by_role("dialog", name="Your runs on this device")
        expect(dialog).to_contain_text("stay in this browser")
        dialog.get_by_role("button", name="Use it again").click()
        expect(desk.prompt(page)).to_have_value("remember me")
        page.get_by_role("button", name="History").click()
        dialog.get_by_label("Keep a history").uncheck()
        dialog.get_by_role("button", name="Clear history").click()
        expect(dialog.get_by_role("button", name="Use it again")).to_have_count(0)
        page.keyboard.press("Escape")
        desk.ask(page, "forget me")
        desk.is_done(desk.answers(page))
        page.get_by_role("button", name="History").click()
        expect(dialog).to_contain_text("No run yet")
        assert "forget me" not in page.evaluate("JSON.stringify(localStorage)")


def test_nothing_that_was_written_is_in_the_database(chromium: Browser, fakes) -> None:
    canary = "canary-7f3a"
    with desk.opened(chromium, fakes.site) as page:
        page.goto("/studio?model=fake-echo")
        desk.prompt(page).fill(canary)
        expect(page.locator(".quote")).to_be_visible()
        desk.prompt(page).press("Enter")
        expect(desk.answers(page).locator(".text")).to_have_text(canary)
        desk.is_done(desk.answers(page))
        page.get_by_role("button", name="Get code").click()
        expect(page.get_by_role("dialog", name="This call as code")).to_be_visible()
    assert httpx2.get(f"{fakes.site.base_url}/readyz").status_code == 200
    kept = [file for file in fakes.site.var.rglob("*") if file.is_file() and canary.encode() in file.read_bytes()]
    assert kept == []


def bearers(page: Page) -> list[str]:
    """What the page's calls are authorized with, as they are made."""
    seen: list[str] = []
    page.on("request", lambda request: "authorization" in request.headers and seen.append(request.headers["authorization"]))
    return seen


def is_over(fakes: Fakes, bearer: str) -> None:
    """Until the gateway knows, which keeps a grant for a second."""
    assert eventually(lambda: httpx2.get(f"{fakes.api_url}/key", headers={"authorization": bearer}).status_code == 401)
