"""Signing up, logging in, protecting and leaving an account, as people do it: with a mailbox and, by CDP, an authenticator."""

import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal import auth as totp
from playwright.sync_api import Browser, Page, expect

from tests.browser.barriers import barriers
from tests.browser.conftest import pages_at
from tests.mailbox import Mailbox, mailbox
from tests.site import Site, running_site

pytestmark = [pytest.mark.site, pytest.mark.browser]

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
PASSWORD = "a lighthouse in the fog"


@pytest.fixture(scope="module")
def mails() -> Iterator[Mailbox]:
    with mailbox() as box:
        yield box


@pytest.fixture(scope="module")
def verifying_site(with_data: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory, mails: Mailbox) -> Iterator[Site]:
    """A site that sends mail and verifies addresses by it."""
    mail = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(mails.port), "EMAIL_USE_TLS": "0"}
    with running_site(with_data(tmp_path_factory.mktemp("mail") / "var"), CLOD_VERIFY_EMAIL="1", **mail) as site:
        yield site


@pytest.fixture
def visit(chromium: Browser, verifying_site: Site) -> Iterator[Callable[..., Page]]:
    """A page of a new visitor at ``localhost``, because passkeys belong to a name. Complaints fail the test at its end."""
    with pages_at(chromium, verifying_site.base_url.replace("127.0.0.1", "localhost")) as visit:
        yield visit


def new_address() -> str:
    return f"newcomer-{secrets.token_hex(4)}@example.org"


def sign_up(page: Page, mails: Mailbox, password: str = "") -> str:
    """By the one field, the code, and a password if there is one; the address."""
    address = new_address()
    page.goto("/")
    page.get_by_label("E-mail").fill(address)
    page.get_by_role("button", name="Start free").click()
    expect(page.get_by_label("E-mail")).to_have_value(address)
    if password:
        page.get_by_text("Choose a password, too").click()
        page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign up").click()
    enter_code(page, mails.code_to(address))
    expect(page.get_by_role("heading", name="Your first call")).to_be_visible()
    return address


def enter_code(page: Page, code: str) -> None:
    expect(page.get_by_label("Code")).to_be_focused()
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def log_out(page: Page) -> None:
    page.goto("/settings")
    page.get_by_label("Account of").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in").first).to_be_visible()


def authenticator(page: Page) -> None:
    """What a laptop with a fingerprint reader has."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


def prove_by_mail(page: Page, mails: Mailbox, address: str) -> None:
    """The code that is asked for before something dangerous, by who has no password."""
    before = len(mails.to(address))
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    page.get_by_label("Code").fill(mails.code_to(address, since=before - 1))
    page.get_by_role("button", name="Go on").click()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_newcomer_signs_up_with_an_address_and_logs_in_with_a_code(visit, mails, theme, width):
    page = visit(theme, width)
    address = sign_up(page, mails)
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(address)
    page.keyboard.press("Enter")
    expect(page.get_by_text(address)).to_be_visible()
    enter_code(page, mails.code_to(address, since=1))
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")


def test_a_passkey_is_added_logs_in_and_is_renamed_and_removed(visit, mails):
    page = visit()
    authenticator(page)
    address = sign_up(page, mails)
    page.goto("/settings/security")
    page.get_by_role("link", name="Add a passkey").click()
    prove_by_mail(page, mails, address)
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    expect(page.locator(".codes li")).to_have_count(10)
    assert "passkey was added" in mails.newest_to(address, since=2)
    log_out(page)
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")
    page.goto("/settings/security")
    page.get_by_role("link", name="Rename Laptop").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_label("Name").fill("Old laptop")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_text("Old laptop")).to_be_visible()
    page.get_by_role("link", name="Remove Old laptop").click()
    page.get_by_role("button", name="Remove Old laptop").click()
    expect(page.get_by_text("None yet.")).to_be_visible()


def test_somebody_signs_up_with_a_passkey_and_it_is_their_second_proof_beside_a_code(visit, mails):
    page = visit()
    authenticator(page)
    address = new_address()
    page.goto("/accounts/signup/")
    page.get_by_role("link", name="Sign up with a passkey").click()
    page.get_by_label("E-mail").fill(address)
    page.get_by_role("button", name="Go on").click()
    enter_code(page, mails.code_to(address))
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", name="Your first call")).to_be_visible()
    page.goto("/settings/security")
    expect(page.get_by_text("locks you out for good")).to_be_visible()
    log_out(page)
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(address)
    page.get_by_role("button", name="Log in", exact=True).click()
    enter_code(page, mails.code_to(address, since=1))
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")


def test_without_an_authenticator_the_page_says_what_is_wrong(visit, verifying_site):
    page = visit()
    page.goto("/accounts/login/")
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")  # and no authenticator: the browser finds none
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR | {"automaticPresenceSimulation": True}})
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("The browser gave us no passkey")
    expect(page.get_by_role("button", name="Use a passkey")).to_be_enabled()


def test_an_authenticator_app_is_set_up_and_asked_for(visit, mails):
    page = visit()
    address = sign_up(page, mails, PASSWORD)
    page.goto("/settings/security")
    page.get_by_role("link", name="Set up an authenticator app").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    secret = page.locator(".copyable code").inner_text()
    page.get_by_label("Code").fill(code_of_app(secret))
    page.get_by_role("button", name="Switch it on").click()
    recovery = page.locator(".codes li").first.inner_text()
    log_out(page)
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(address)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    page.get_by_label("Code of your app").fill("000000")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Incorrect code")).to_be_visible()
    page.get_by_label("Code of your app").fill(recovery)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")
    page.goto("/settings/security")
    expect(page.get_by_text("9 left")).to_be_visible()


def code_of_app(secret: str) -> str:
    return totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30))


def test_a_forgotten_password_is_reset_and_other_devices_are_logged_out(visit, mails):
    page, elsewhere = visit(), visit()
    address = sign_up(page, mails, PASSWORD)
    elsewhere.goto("/accounts/login/")
    elsewhere.get_by_role("link", name="Forgot your password?").click()
    elsewhere.get_by_label("E-mail").fill(address)
    elsewhere.get_by_role("button", name="Send the link").click()
    expect(elsewhere.get_by_role("heading", name="Look into your mail")).to_be_visible()
    elsewhere.goto(mails.link_to(address, since=1))
    elsewhere.get_by_label("New password", exact=True).fill("a quieter harbour 7")
    elsewhere.get_by_label("New password again").fill("a quieter harbour 7")
    elsewhere.get_by_role("button", name="Change the password").click()
    expect(elsewhere.get_by_role("heading", name="The password is changed")).to_be_visible()
    page.goto("/projects")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    elsewhere.goto("/accounts/login/")
    elsewhere.get_by_label("E-mail").fill(address)
    elsewhere.get_by_label("Password").fill("a quieter harbour 7")
    elsewhere.get_by_role("button", name="Log in", exact=True).click()
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Models")


def test_a_device_is_logged_out_from_another_one(visit, mails):
    laptop, phone = visit(), visit(width=390)
    address = sign_up(laptop, mails, PASSWORD)
    phone.goto("/accounts/login/")
    phone.get_by_label("E-mail").fill(address)
    phone.get_by_label("Password").fill(PASSWORD)
    phone.get_by_role("button", name="Log in", exact=True).click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Models")
    laptop.goto("/settings/security")
    laptop.get_by_role("button", name="Log out Chrome on Linux").click()
    expect(laptop.get_by_text("That device is logged out")).to_be_visible()
    phone.goto("/projects")
    expect(phone.get_by_role("heading", name="Log in")).to_be_visible()


def test_data_is_taken_out_and_the_account_deleted(visit, mails):
    page = visit()
    address = sign_up(page, mails)
    page.goto("/settings/security")
    page.get_by_role("link", name="Export").click()
    prove_by_mail(page, mails, address)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".zip")
    page.goto("/settings/delete-account")
    button = page.get_by_role("button", name="Delete the account")
    page.get_by_label("Type your address").fill("somebody@example.org")
    expect(button).to_be_disabled()
    page.get_by_label("Type your address").fill(address)
    button.click()
    expect(page.get_by_text("Your account is deleted")).to_be_visible()
    page.goto("/projects")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert "is deleted" in mails.newest_to(address, since=2)


@pytest.mark.node
def test_nobody_finds_a_barrier_on_the_way_in(visit, mails, axe):
    page = visit()
    authenticator(page)
    found = barriers(page, axe, ["/accounts/login/", "/accounts/signup/", "/accounts/signup/passkey/", "/accounts/login/code/"])
    address = new_address()
    page.goto("/accounts/signup/passkey/")
    page.get_by_label("E-mail").fill(address)
    page.get_by_role("button", name="Go on").click()
    found += barriers(page, axe, ["/accounts/confirm-email/"])
    page.get_by_label("Code").fill(mails.code_to(address))
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Make the passkey")).to_be_visible()
    found += barriers(page, axe, ["/accounts/2fa/webauthn/signup/"])
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", name="Your first call")).to_be_visible()
    log_out(page)
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(address)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
    found += barriers(page, axe, ["/accounts/login/code/confirm/"])
    page.get_by_label("Code").fill(mails.code_to(address, since=1))
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    found += barriers(page, axe, ["/accounts/2fa/authenticate/", "/accounts/password/reset/done/", "/accounts/password/reset/key/1-no/"])
    assert found == []


@pytest.mark.node
def test_members_find_no_barrier_in_their_account(visit, mails, axe):
    page = visit()
    authenticator(page)
    address = sign_up(page, mails)
    page.goto("/accounts/password/set/")
    found = barriers(page, axe, ["/accounts/reauthenticate/code/"])
    prove_by_mail(page, mails, address)
    found += barriers(page, axe, ["/accounts/password/set/", "/accounts/2fa/webauthn/add/", "/accounts/2fa/totp/activate/"])
    page.goto("/accounts/2fa/webauthn/add/")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    found += barriers(page, axe, ["/accounts/2fa/recovery-codes/", "/accounts/2fa/recovery-codes/generate/", "/settings/security"])
    page.goto("/settings/security")
    rename, remove = (page.get_by_role("link", name=f"{deed} Passkey").get_attribute("href") for deed in ("Rename", "Remove"))
    found += barriers(page, axe, [rename, remove, "/accounts/email/", "/settings/export", "/settings/delete-account"])
    assert found == []
