"""The whole key ceremony in a real browser: a key is made and saved, proven with the file, and nothing private ever leaves the page."""

import json
import re
import secrets
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from clod_site.lib import jwe
from tests.browser import barriers
from tests.projects import ceremony

pytestmark = [pytest.mark.site, pytest.mark.browser]

PASSWORD = "a lighthouse in the fog"
PASSPHRASE = "seven grey herons"
WITHOUT_WEBCRYPTO = "Object.defineProperty(Crypto.prototype, 'subtle', {get: () => undefined})"


class Sent:
    """Everything a page has sent: addresses, headers, bodies."""

    def __init__(self, page: Page) -> None:
        self.requests: list[Request] = []
        page.on("request", lambda request: self.requests.append(request))  # playwright marks the function

    def holds(self, secret: str) -> list[str]:
        return [each.url for each in self.requests if secret in f"{each.url}{each.headers}{each.post_data or ''}"]


def newcomer(page: Page) -> str:
    """Signs up; the address of the Encryption page of the first project."""
    page.goto("/accounts/signup/")
    page.get_by_label("E-mail").fill(f"sealer-{secrets.token_hex(4)}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Your first call")).to_be_visible()
    page.goto("/projects")
    return f"{page.locator('a.project-card').get_attribute('href')}/encryption"


def to_new_key(page: Page, home: str) -> None:
    page.goto(f"{home}/recipients/new")
    if "reauthenticate" in page.url:
        page.get_by_label("Password").fill(PASSWORD)
        page.locator("main form button").first.click()
    expect(page.get_by_role("heading", name="Add a recipient")).to_be_visible()


def make(page: Page, folder: Path, passphrase: str = "") -> Path:
    """A key that was made and saved; the page is the one that asks for it."""
    making = page.locator("[data-ceremony]")
    making.get_by_label("Name").fill("Laptop")
    making.get_by_label("Passphrase").fill(passphrase)
    making.get_by_label("The same again").fill(passphrase)
    making.get_by_role("button", name="Make the key").click()
    expect(making.get_by_role("button", name="Continue")).to_be_disabled()
    with page.expect_download() as saving:
        making.get_by_role("link", name="Save the key file").click()
    file = folder / saving.value.suggested_filename
    saving.value.save_as(file)
    making.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Prove that the key is there")).to_be_visible()
    return file


def choose(part: Any, file: Any) -> None:
    """Once the field is shown the page listens to it."""
    field = part.get_by_label("Key file")
    expect(field).to_be_visible()
    field.set_input_files(file)


def barriers_in_both_themes(page: Page, axe: str) -> list[str]:
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        found += [f"{page.url} ({theme}) {problem}" for problem in barriers.here(page, axe)]
    return found


def test_a_key_is_made_saved_proven_and_sealed_to_and_its_private_half_is_never_sent(open_page, tmp_path):
    page = open_page()
    sent = Sent(page)
    home = newcomer(page)
    page.goto(home)
    expect(page.get_by_role("heading", name="No recipient yet")).to_be_visible()
    page.get_by_label("Sealed: readable only").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main form button").first.click()
    file = make(page, tmp_path)
    private = json.loads(file.read_text())
    assert file.name == f"clod-key-{private['kid'][:8]}.json"
    assert jwe.thumbprint(private) == private["kid"]
    choose(page, file)
    page.get_by_label("Remember the key on this device").check()
    page.get_by_role("button", name="Prove it").click()
    expect(page.get_by_role("heading", name="Seal prompts and answers?")).to_be_visible()
    page.get_by_role("button", name="Seal from now on").click()
    expect(page.get_by_text("sealed to 1 recipient before they are stored")).to_be_visible()
    row = page.locator(".recipient")
    expect(row).to_contain_text(" ".join(re.findall(".{1,4}", private["kid"])))
    expect(row.get_by_text("remembered on this device")).to_be_visible()
    assert sent.holds(private["x"]), "the public half is what is sent"
    assert sent.holds(private["d"]) == []
    row.get_by_role("button", name="Forget").click()
    expect(row.get_by_text("remembered on this device")).to_be_hidden()
    page.reload()
    expect(row.get_by_text("remembered on this device")).to_be_hidden()


def test_with_a_passphrase_the_file_opens_with_it_only(open_page, tmp_path):
    page = open_page()
    sent = Sent(page)
    home = newcomer(page)
    to_new_key(page, home)
    making = page.locator("[data-ceremony]")
    making.get_by_label("Passphrase").fill(PASSPHRASE)
    making.get_by_label("The same again").fill("seven grey heron")
    making.get_by_role("button", name="Make the key").click()
    expect(making.get_by_role("alert")).to_contain_text("The two passphrases differ")
    making.get_by_label("Passphrase").fill("short")
    making.get_by_label("The same again").fill("short")
    making.get_by_role("button", name="Make the key").click()
    expect(making.get_by_role("alert")).to_contain_text("at least 8 characters")
    file = make(page, tmp_path, PASSPHRASE)
    assert file.suffix == ".jwe"
    assert len(file.read_text().strip().split(".")) == 5
    proving, prove = page.locator("[data-prove]"), page.get_by_role("button", name="Prove it")
    prove.click()
    expect(proving.get_by_role("alert")).to_have_text("Choose the key file first.")
    choose(page, file)
    page.get_by_label("Passphrase of the file").fill("seven grey geese")
    prove.click()
    expect(proving.get_by_role("alert")).to_have_text("The passphrase does not open this key file.")
    page.get_by_label("Passphrase of the file").fill(PASSPHRASE)
    page.get_by_label("Passphrase of the file").press("Enter")
    expect(page.get_by_role("heading", name="Seal prompts and answers?")).to_be_visible()
    assert sent.holds(PASSPHRASE.split()[1]) == []


def test_another_key_or_a_damaged_file_proves_nothing(open_page, tmp_path):
    page = open_page()
    to_new_key(page, newcomer(page))
    file = make(page, tmp_path)
    private, other = json.loads(file.read_text()), ceremony.key()
    proving = page.locator("[data-prove]")
    for content, told in (
        (json.dumps(other.jwk | {"d": other.d}), "This file holds another key"),
        (json.dumps(private | {"d": other.d}), "damaged"),
        (json.dumps({name: private[name] for name in ("kty", "crv", "x", "y")}), "public half"),
        ("hello", "holds no key"),
        ("k" * 30_000, "too large"),
    ):
        choose(page, {"name": "key.json", "mimeType": "application/json", "buffer": content.encode()})
        page.get_by_role("button", name="Prove it").click()
        expect(proving.get_by_role("alert")).to_contain_text(told)
        expect(page.get_by_role("button", name="Prove it")).to_be_enabled()
    choose(page, file)
    page.get_by_role("button", name="Prove it").click()
    expect(page.get_by_role("heading", name="Seal prompts and answers?")).to_be_visible()


def test_a_key_from_elsewhere_is_added_without_its_private_half_and_answered_elsewhere(open_page, tmp_path):
    page = open_page()
    sent = Sent(page)
    to_new_key(page, newcomer(page))
    pair, adding = ceremony.key(), page.locator("[data-import]")
    private = {"name": "key.json", "mimeType": "application/json", "buffer": json.dumps(pair.jwk | {"d": pair.d}).encode()}
    choose(adding, private)
    expect(adding.get_by_label("Public key", exact=True)).to_have_value(json.dumps(pair.jwk, separators=(",", ":")))
    adding.get_by_label("Public key", exact=True).fill("-----BEGIN EC PRIVATE KEY-----")
    adding.get_by_role("button", name="Add this key").click()
    expect(adding.get_by_role("status")).to_contain_text("This is no JWK, so it was not sent.")
    adding.get_by_label("Public key", exact=True).fill(json.dumps(pair.jwk | {"d": pair.d}))
    expect(adding.get_by_role("status")).to_contain_text("the private one was not sent")
    adding.get_by_role("button", name="Add this key").click()
    page.get_by_text("The private key is somewhere else").click()
    with page.expect_download() as saving:
        page.get_by_role("link", name="Challenge as a file").click()
    saving.value.save_as(tmp_path / "challenge.json")
    nonce = pair.open(json.loads((tmp_path / "challenge.json").read_text()))["nonce"]
    page.get_by_label("What was inside").fill(nonce)
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_role("heading", name="Seal prompts and answers?")).to_be_visible()
    assert sent.holds(pair.d) == sent.holds("BEGIN") == []


def shown(page: Page) -> Any:
    """The challenge that a page shows."""
    return json.loads(json.loads(page.locator("#challenge").text_content() or ""))


def test_without_webcrypto_the_page_says_so_and_a_key_can_still_be_pasted(open_page):
    page = open_page()
    page.add_init_script(WITHOUT_WEBCRYPTO)
    home = newcomer(page)
    to_new_key(page, home)
    expect(page.get_by_text("This browser makes no keys here")).to_be_visible()
    expect(page.locator("[data-ceremony]")).to_be_hidden()
    pair = ceremony.key()
    page.get_by_label("Public key", exact=True).fill(pair.text)
    page.get_by_role("button", name="Add this key").click()
    expect(page.get_by_text("This browser opens nothing here")).to_be_visible()
    page.get_by_text("The private key is somewhere else").click()
    page.get_by_label("What was inside").fill(pair.open(shown(page))["nonce"])
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_role("heading", name="Seal prompts and answers?")).to_be_visible()


def test_without_javascript_the_page_says_so_and_a_key_can_still_be_pasted(open_page):
    page = open_page()
    home = newcomer(page)
    to_new_key(page, home)
    context = page.context.browser.new_context(
        base_url=page.url, storage_state=page.context.storage_state(), java_script_enabled=False, viewport={"width": 390, "height": 800}
    )
    plain, pair = context.new_page(), ceremony.key()
    answer = plain.goto(f"{home}/recipients/new")
    assert answer
    assert "<noscript>" in answer.text()  # Chromium draws none where only its tools have switched JavaScript off
    expect(plain.get_by_role("button", name="Make the key")).to_be_hidden()
    plain.get_by_label("Public key", exact=True).fill(pair.text)
    plain.get_by_role("button", name="Add this key").click()
    plain.get_by_text("The private key is somewhere else").click()
    plain.get_by_label("What was inside").fill(pair.open(shown(plain))["nonce"])
    plain.get_by_role("button", name="Send the answer").click()
    expect(plain.get_by_role("heading", name="Seal prompts and answers?")).to_be_visible()
    context.close()


def test_who_logs_out_leaves_no_remembered_key(open_page, tmp_path):
    page = open_page()
    home = newcomer(page)
    to_new_key(page, home)
    file = make(page, tmp_path)
    choose(page, file)
    page.get_by_label("Remember the key on this device").check()
    page.get_by_role("button", name="Prove it").click()
    expect(page.get_by_role("heading", name="Seal prompts and answers?")).to_be_visible()
    page.goto(home)
    expect(page.get_by_text("remembered on this device")).to_be_visible()
    assert remembered(page) == [json.loads(file.read_text())["kid"], False]
    page.get_by_label("Account of").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(re.compile(r"/(\?.*)?$|login"))
    assert remembered(page) == []


def remembered(page: Page) -> list[Any]:
    """The kid of what the browser keeps, and whether the key could be read out."""
    found: list[Any] = page.evaluate(
        """() => new Promise((resolve) => {
          const request = indexedDB.open("clod-keys");
          request.onsuccess = () => {
            const all = request.result.transaction("keys").objectStore("keys").getAll();
            all.onsuccess = () => { request.result.close(); resolve(all.result.flatMap(({ kid, key }) => [kid, key.extractable])); };
          };
        })"""
    )
    return found


@pytest.mark.node
def test_nobody_finds_a_barrier_on_the_way(open_page, tmp_path, axe):
    page = open_page(width=390)
    home = newcomer(page)
    page.goto(home)
    found = barriers_in_both_themes(page, axe)
    to_new_key(page, home)
    found += barriers_in_both_themes(page, axe)
    making = page.locator("[data-ceremony]")
    making.get_by_role("button", name="Make the key").click()
    expect(making.get_by_role("link", name="Save the key file")).to_be_focused()
    found += barriers_in_both_themes(page, axe)
    to_new_key(page, home)
    file = make(page, tmp_path, PASSPHRASE)
    choose(page, file)
    expect(page.get_by_label("Passphrase of the file")).to_be_focused()
    page.get_by_text("The private key is somewhere else").click()
    found += barriers_in_both_themes(page, axe)
    page.get_by_label("Passphrase of the file").fill(PASSPHRASE)
    page.get_by_role("button", name="Prove it").click()
    expect(page.get_by_role("heading", name="Seal prompts and answers?")).to_be_visible()
    found += barriers_in_both_themes(page, axe)
    page.get_by_role("button", name="Seal from now on").click()
    expect(page.get_by_text("sealed to 1 recipient")).to_be_visible()
    found += barriers_in_both_themes(page, axe)
    page.get_by_role("link", name="Revoke Laptop").click()
    expect(page.get_by_text("This is the last recipient")).to_be_visible()
    found += barriers_in_both_themes(page, axe)
    assert found == []
