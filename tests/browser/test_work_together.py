"""A team in a browser: invited by mail, joined, given another role, gone; and an organization that is passed on."""

import re
import secrets
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.barriers import barriers
from tests.browser.pages import before_script
from tests.site import Site, eventually

pytestmark = [pytest.mark.site, pytest.mark.browser]


def newcomer(page: Page, name: str) -> str:
    """Somebody who has just signed up; their address."""
    email = f"{name}-{secrets.token_hex(4)}@example.org"
    page.goto("/accounts/signup/")
    sign_up(page, email)
    expect(page.get_by_role("heading", name="Your first call")).to_be_visible()
    return email


def sign_up(page: Page, email: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill("a lighthouse in the fog")
    page.get_by_role("button", name="Sign up").click()


def link_mailed_to(site: Site, email: str) -> str:
    """Embedded mode prints its mails."""
    pattern = re.compile(rf"^To: {re.escape(email)}$.*?(/invitations/[\w-]+)", re.MULTILINE | re.DOTALL)
    assert eventually(lambda: pattern.search(site.output.read_text(errors="replace")) is not None), "no mail was printed"
    found = pattern.findall(site.output.read_text(errors="replace"))
    return str(found[-1])


def invite(page: Page, email: str, role: str) -> None:
    page.goto("/team")
    page.get_by_role("link", name="Invite member").click()
    dialog = page.get_by_role("dialog", name="Invite member")
    dialog.get_by_label("E-mail").fill(email)
    dialog.get_by_label(re.compile(rf"^{role}")).check()
    dialog.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_role("row", name=email)).to_contain_text(role.lower())


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_somebody_is_invited_joins_gets_another_role_and_leaves(open_page, site, theme, width):
    owner, guest = open_page(theme, width), open_page(theme, width)
    newcomer(owner, "olive")
    email = f"gus-{secrets.token_hex(4)}@example.org"
    invite(owner, email, "Viewer")

    guest.goto(link_mailed_to(site, email))
    expect(guest.get_by_role("heading", level=1)).to_contain_text("Join olive-")
    guest.get_by_role("link", name="Create an account").click()
    expect(guest.get_by_label("E-mail")).to_have_value(email)
    sign_up(guest, email)
    guest.get_by_role("button", name="Join as viewer").click()
    expect(guest.get_by_role("banner")).to_contain_text("olive-")
    guest.goto("/keys")
    expect(guest.get_by_role("link", name="Generate key")).to_have_count(0)

    owner.goto("/team")
    owner.get_by_role("link", name=f"Manage {email}").click()
    owner.get_by_label(re.compile("^Developer")).check()
    owner.get_by_role("button", name="Save role").click()
    expect(owner.get_by_role("row", name=re.compile(email.partition("@")[0]))).to_contain_text("developer")
    guest.reload()
    expect(guest.get_by_role("link", name="Generate key").first).to_be_visible()

    guest.goto("/team/leave")
    guest.get_by_role("button", name=re.compile("^Leave olive-")).click()
    expect(guest.get_by_role("banner")).to_contain_text("gus-")
    owner.reload()
    expect(owner.get_by_text(email)).to_have_count(0)
    owner.get_by_role("link", name="Audit log").click()
    log = owner.get_by_role("region", name="Audit log")
    for told in ("left", "changed the role of", "role: viewer → developer", "joined", "invited"):
        expect(log).to_contain_text(told)
    owner.get_by_label("What").select_option(label="Sign-in")
    expect(owner).to_have_url(re.compile("group=sign_in"))
    expect(log).not_to_contain_text("joined")


def test_what_was_chosen_before_the_script_came_is_shown(open_page):
    page = open_page()
    newcomer(page, "olive")
    with before_script(page, "filters"):
        page.goto("/team/audit", wait_until="commit")
        page.get_by_label("What").select_option(label="Sign-in")
    expect(page).to_have_url(re.compile("group=sign_in"))


def test_an_organization_is_passed_on(open_page, site):
    owner, heir = open_page(), open_page()
    newcomer(owner, "olive")
    email = newcomer(heir, "henry")
    invite(owner, email, "Admin")
    heir.goto(link_mailed_to(site, email))
    heir.get_by_role("button", name="Join as admin").click()

    owner.goto("/team")
    owner.get_by_role("link", name=f"Manage {email}").click()
    owner.get_by_role("link", name="Pass on…").click()
    name = owner.locator("form[data-confirm-name]").get_attribute("data-confirm-name") or ""
    owner.get_by_label(re.compile("^Type the organization")).fill("another name")
    expect(owner.get_by_role("button", name=re.compile("^Pass on to"))).to_be_disabled()
    owner.get_by_label(re.compile("^Type the organization")).fill(name)
    owner.get_by_role("button", name=re.compile("^Pass on to")).click()
    expect(owner.get_by_role("row", name=re.compile("henry"))).to_contain_text("owner")
    expect(owner.get_by_role("row", name=re.compile(r"\(you\)"))).to_contain_text("admin")
    heir.goto("/team")
    expect(heir.get_by_role("row", name=re.compile(r"\(you\)"))).to_contain_text("owner")


def test_the_link_of_somebody_else_says_so(open_page, site):
    owner, stranger = open_page(), open_page()
    newcomer(owner, "olive")
    email = f"gus-{secrets.token_hex(4)}@example.org"
    invite(owner, email, "Developer")
    newcomer(stranger, "stan")
    stranger.goto(link_mailed_to(site, email))
    expect(stranger.get_by_text("The invitation is for another address than yours.")).to_be_visible()
    expect(stranger.get_by_role("button", name=re.compile("^Join"))).to_have_count(0)


@pytest.mark.node
def test_no_page_of_the_team_has_a_barrier(open_page, site, axe):
    owner, guest = open_page(), open_page()
    newcomer(owner, "olive")
    email = newcomer(guest, "gus")
    invite(owner, email, "Viewer")
    link = link_mailed_to(site, email)
    assert barriers(guest, axe, [link]) == []
    assert barriers(open_page(), axe, [link]) == []
    guest.goto(link)
    guest.get_by_role("button", name="Join as viewer").click()
    owner.goto("/team")
    member = urlsplit(owner.get_by_role("link", name=f"Manage {email}").get_attribute("href") or "").path
    pages = ["/team", "/team/invitations/new", "/team/leave", "/team/audit", "/settings", member, f"{member}/remove", f"{member}/transfer"]
    assert barriers(owner, axe, pages) == []
    assert barriers(guest, axe, ["/team"]) == []
