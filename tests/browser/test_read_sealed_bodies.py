"""Sealed bodies in a real browser: sealed by the gateway, opened by Chromium, opened by bin/clod-logs. What was changed, moved or
stripped fails loudly in both; a new recipient is given the older ones.
"""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from clod_site.lib import jwe
from tests.activity import said
from tests.browser import bodies, pages
from tests.browser.barriers import here
from tests.browser.bodies import MARKUP, PIXEL, choose, section
from tests.lib import tool
from tests.lib.test_jwe import joserfc_opens
from tests.site import eventually, running_site

pytestmark = [pytest.mark.site, pytest.mark.browser, pytest.mark.node, pytest.mark.long]

PASSPHRASE = "correct horse battery"
SAID_OF_CHANGES = "changed|no sealed body|no JSON|moved here|not ours|taken out"
LATER_PAGES = re.compile(r"share/bodies\?kid=.*&cursor=req_")
SPOILT = ("ciphertext", "iv", "tag", "protected", "aad", "encrypted_key", "epk")
DROP = """(text) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], "alice.jwe"));
  document.querySelector("[data-key-chooser]").dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def site(with_data, tmp_path_factory):
    """Of its own: what is sealed in it stays."""
    with running_site(with_data(tmp_path_factory.mktemp("sealed") / "var")) as running:
        yield running


@pytest.fixture(scope="module")
def keys(site) -> dict[str, dict[str, str]]:
    """The demo project seals to two."""
    keys = {"Alice": said.private_jwk(), "Safe": said.private_jwk()}
    bodies.logging(site, "sealed", **keys)
    return keys


@pytest.fixture
def page(open_page, site, keys) -> Page:
    page = open_page()
    pages.enter(page, site)
    return page


@pytest.fixture
def mine(tmp_path, keys):
    return bodies.key_file(tmp_path, keys["Alice"])


def sealed_call(site, content: Any = "What is the capital of France?") -> str:
    """One that the gateway has sealed."""
    request = bodies.call(site, content)
    assert eventually(lambda: bodies.stored(site, request) is not None)
    return request


def kept_call(site, keys, document: Any = said.DOCUMENT) -> str:
    """One with a document of ours."""
    request = sealed_call(site)
    bodies.keep(site, request, bodies.sealed(site, request, document, *keys.values()), *keys.values())
    return request


def shown(page: Page) -> Locator:
    return section(page).locator("[data-turns]")


def problem(page: Page) -> Locator:
    return section(page).get_by_role("alert").filter(visible=True)


# --- the same body, three times ------------------------------------------------------------------


def test_what_the_gateway_seals_chromium_and_the_tool_open(page, site, mine, keys, tmp_path):
    request = sealed_call(site, "Name the capital of Kiribati")
    page.goto(f"/activity/{request}")
    expect(section(page)).to_contain_text("Sealed to Alice")
    expect(section(page)).not_to_contain_text("Kiribati")
    choose(section(page), mine)
    expect(shown(page)).to_contain_text("Name the capital of Kiribati")
    section(page).get_by_role("button", name="JSON").click()
    seen = json.loads(section(page).locator("[data-json] pre").inner_text())
    export = pages.get(page, f"/activity/bodies.jsonl?q={request}").text()
    done = tool.run(tmp_path, "decrypt", "--key", mine.name, "--expect-kid", keys["Safe"]["kid"], given=export)
    assert (done.returncode, done.stderr) == (0, "")
    row = json.loads(done.stdout.splitlines()[0])
    assert (row["request"], row["body"]) == (request, seen)
    assert seen["request"]["messages"][0]["content"] == "Name the capital of Kiribati"
    assert seen["response"]["choices"][0]["message"]["content"]


def test_the_private_key_leaves_the_browser_in_no_request(page, site, mine, keys):
    sent = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.headers} {request.post_data_buffer!r}"))
    page.goto(f"/activity/{sealed_call(site)}")
    choose(section(page), mine)
    expect(shown(page)).to_contain_text("capital of France")
    assert not [each for each in sent if keys["Alice"]["d"] in each or "capital of France" in each]


def test_a_key_file_chosen_before_its_script_came_opens_too(page, site, mine, keys):
    request = sealed_call(site)
    with pages.before_script(page, "body-section"):
        page.goto(f"/activity/{request}", wait_until="commit")
        choose(section(page), mine)
    expect(shown(page)).to_contain_text("capital of France")


# --- what fails ----------------------------------------------------------------------------------


def flipped(text: str) -> str:
    value = bytearray(jwe.from_b64(text))
    value[len(value) // 2] ^= 1
    return jwe.b64(bytes(value))


def spoilt(whole: dict[str, Any], part: str) -> dict[str, Any]:
    recipient, *others = json.loads(json.dumps(whole["recipients"]))
    if part == "encrypted_key":
        recipient[part] = flipped(recipient[part])
    elif part == "epk":
        recipient["header"]["epk"]["x"] = flipped(recipient["header"]["epk"]["x"])
    else:
        return whole | {part: flipped(whole[part])}
    return whole | {"recipients": [recipient, *others]}


def both_refuse(page: Page, request: str, mine, tmp_path, browser_says: str, tool_says: str) -> None:
    page.goto(f"/activity/{request}")
    choose(section(page), mine)
    expect(problem(page)).to_contain_text(re.compile(browser_says))
    expect(shown(page)).to_be_empty()
    done = tool.run(tmp_path, "decrypt", "--key", mine.name, given=pages.get(page, f"/activity/bodies.jsonl?q={request}").text())
    assert done.returncode == 1
    assert re.search(f"{request}: .*{tool_says}", done.stderr), done.stderr


def test_one_changed_byte_in_any_part_is_noticed_by_both(page, site, mine, keys, tmp_path):
    request = kept_call(site, keys)
    _, whole = bodies.stored(site, request)
    for part in SPOILT:
        bodies.keep(site, request, json.dumps(spoilt(whole, part)), *keys.values())
        both_refuse(page, request, mine, tmp_path, SAID_OF_CHANGES, SAID_OF_CHANGES)


def test_a_body_of_another_row_is_noticed_by_both(page, site, mine, keys, tmp_path):
    one, other = kept_call(site, keys), kept_call(site, keys)
    bodies.keep(site, one, json.dumps(bodies.stored(site, other)[1]), *keys.values())
    both_refuse(page, one, mine, tmp_path, "belongs to another request: it was moved here", "belongs to another request")


def test_a_recipient_that_was_taken_out_is_noticed_by_both(page, site, mine, keys, tmp_path):
    request = kept_call(site, keys)
    _, whole = bodies.stored(site, request)
    bodies.keep(site, request, json.dumps(whole | {"recipients": whole["recipients"][:1]}), keys["Alice"])
    both_refuse(page, request, mine, tmp_path, f"taken out of this body: {keys['Safe']['kid']}", "taken out of it")


def test_a_wrong_key_opens_nothing_in_either(page, site, keys, tmp_path):
    wrong = bodies.key_file(tmp_path, said.private_jwk())
    both_refuse(page, kept_call(site, keys), wrong, tmp_path, "not sealed to your key", "not sealed to this key")


# --- reading -------------------------------------------------------------------------------------


def test_markup_is_text_and_only_images_of_the_request_itself_are_shown(page, site, mine, keys):
    images = [{"type": "image_url", "image_url": {"url": url}} for url in (PIXEL, "https://evil.example/x.png")]
    messages = [
        {"role": MARKUP, "name": MARKUP, "content": MARKUP},
        {"role": "user", "content": [{"type": "text", "text": MARKUP}, *images]},
    ]
    call = {"id": MARKUP, "type": "function", "function": {"name": MARKUP, "arguments": MARKUP}}
    answer = {"role": "assistant", "content": MARKUP, "reasoning_content": MARKUP, "refusal": MARKUP, "tool_calls": [call]}
    document = {
        "v": 1,
        "request": {"model": MARKUP, "messages": messages},
        "response": {"choices": [{"index": 0, "message": answer, "finish_reason": MARKUP}]},
        "error": {"message": MARKUP, "code": MARKUP},
    }
    request = kept_call(site, keys, document)
    page.goto(f"/activity/{request}")
    choose(section(page), mine)
    expect(shown(page).locator(".text", has_text=MARKUP)).not_to_have_count(0)
    assert shown(page).locator("script, b, img[src=x]").count() == 0
    assert shown(page).locator("img").evaluate_all("images => images.map((each) => each.src)") == [PIXEL]
    expect(shown(page)).to_contain_text("Image: https://evil.example/x.png")
    section(page).get_by_role("button", name="JSON").click()
    expect(section(page).locator("[data-json] pre")).to_contain_text(MARKUP.replace('"', '\\"'))
    assert page.title() != "evil"


def test_the_key_stays_while_one_goes_from_row_to_row_and_is_forgotten_on_demand(page, site, mine):
    requests = [sealed_call(site, f"Question number {number}") for number in (1, 2)]
    page.goto("/activity")
    page.locator(f"tr[data-id={requests[1]}] a").first.click()
    choose(section(page), mine)
    expect(shown(page)).to_contain_text("Question number 2")
    page.get_by_role("button", name="Older request").click()
    expect(shown(page)).to_contain_text("Question number 1")
    expect(section(page)).to_contain_text("Key in use: key.json")
    section(page).get_by_role("button", name="Forget").click()
    expect(shown(page)).to_be_empty()
    expect(section(page).get_by_text("Choose your key file")).to_be_visible()
    page.get_by_role("button", name="Newer request").click()
    expect(section(page).get_by_text("Choose your key file")).to_be_visible()


def test_a_key_that_this_device_remembers_opens_by_itself_until_it_is_forgotten(page, site, mine):
    address = f"/activity/{sealed_call(site)}"
    page.goto(address)
    section(page).get_by_label("Remember on this device").check()
    choose(section(page), mine)
    expect(shown(page)).to_contain_text("capital of France")
    page.goto(address)
    expect(shown(page)).to_contain_text("capital of France")
    assert not page.evaluate("Object.values({...localStorage, ...sessionStorage}).some((each) => each.includes('capital'))")
    section(page).get_by_role("button", name="Forget").click()
    page.goto(address)
    expect(section(page).get_by_text("Choose your key file")).to_be_visible()


def test_a_key_file_with_a_passphrase_is_dropped_and_opened(page, site, keys, tmp_path):
    """Written by the browser's own code, read by joserfc as well."""
    page.goto(f"/activity/{sealed_call(site)}")
    made = "async ([jwk, passphrase]) => (await import('/static/js/jwe.js')).keyFile(jwk, passphrase)"
    text = page.evaluate(made, [keys["Alice"], PASSPHRASE])
    assert joserfc_opens(text, PASSPHRASE)["d"] == keys["Alice"]["d"]
    page.evaluate(DROP, text)
    field = section(page).get_by_label("Passphrase of alice.jwe")
    field.fill("wrong")
    field.press("Enter")
    expect(problem(page)).to_have_text("The passphrase does not open this key file.")
    field.fill(PASSPHRASE)
    section(page).get_by_role("button", name="Open the key file").click()
    expect(shown(page)).to_contain_text("capital of France")


def test_a_file_that_is_no_key_is_told(page, site, tmp_path):
    page.goto(f"/activity/{sealed_call(site)}")
    path = tmp_path / "wrong.json"
    for text, says in (
        ("hello", "This file holds no key"),
        ('{"kty": "RSA"}', "those are EC keys on P-256"),
        ("x" * 200_000, "wrong.json is too large to be a key file."),
    ):
        path.write_text(text)
        choose(section(page), path)
        expect(problem(page)).to_contain_text(says)


def test_a_plain_body_is_shown_without_a_key(page, site, keys):
    request = kept_call(site, keys)
    left_out = {"left_out": "with its request larger than 8 MiB", "bytes": 9 * 1024 * 1024}
    bodies.keep(site, request, json.dumps(said.DOCUMENT | {"response": left_out}))
    page.goto(f"/activity/{request}")
    expect(shown(page)).to_contain_text("Capital of France?")
    expect(shown(page)).to_contain_text("Left out: with its request larger than 8 MiB (9.0 MiB).")
    expect(section(page).get_by_text("Choose your key file")).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 390])
def test_what_is_open_breaks_no_rule_of_axe(open_page, site, axe, mine, keys, width):
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
    answer = {"role": "assistant", "content": "Paris.", "reasoning_content": "France is a country.", "tool_calls": [call]}
    request = kept_call(site, keys, said.DOCUMENT | {"response": {"choices": [{"message": answer}]}, "error": {"message": "It broke off."}})
    page = open_page(width=width)
    pages.enter(page, site)
    page.goto(f"/activity/{request}")
    found = seen_in_both_themes(page, axe)
    choose(section(page), mine)
    expect(shown(page)).to_contain_text("Paris.")
    for summary in shown(page).locator("summary").all():
        summary.click()
    found += seen_in_both_themes(page, axe)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.goto("/activity")
    page.get_by_label("Search in what was said").fill("Paris")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Show all")).to_be_visible()
    page.get_by_role("button", name="Choose a key").click()
    found += seen_in_both_themes(page, axe)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert found == []


def seen_in_both_themes(page: Page, axe: str) -> list[str]:
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        found += [f"{theme} {problem}" for problem in here(page, axe)]
    return found


# --- search --------------------------------------------------------------------------------------


def test_what_was_said_is_searched_in_this_browser_only(page, site, mine):
    request, sent = sealed_call(site, "The zebra crosses at noon"), []
    sealed_call(site)
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data_buffer!r}"))
    page.goto("/activity")
    page.get_by_role("button", name="Choose a key").click()
    choose(page.locator("#body-key-dialog"), mine)
    expect(page.locator("#body-key-dialog")).to_contain_text("Key in use")
    page.keyboard.press("Escape")
    page.get_by_label("Search in what was said").fill("ZEBRA crosses")
    page.get_by_role("button", name="Search this page").click()
    expect(page.get_by_text(re.compile(r"^1 of \d+ requests on this page contains “ZEBRA crosses”"))).to_be_visible()
    visible = page.locator("#rows tr[data-id]").filter(visible=True)
    expect(visible).to_have_count(1)
    expect(visible).to_have_attribute("data-id", request)
    page.get_by_role("button", name="Show all").click()
    expect(visible).not_to_have_count(1)
    assert not [each for each in sent if "zebra" in each.lower()]


def test_without_a_key_the_search_says_what_it_could_not_look_into(page, site):
    sealed_call(site)
    page.goto("/activity")
    page.get_by_label("Search in what was said").fill("zebra")
    page.keyboard.press("Enter")
    expect(page.locator("[data-search-whys]")).to_contain_text("It is sealed, and no key is in use. Choose one.")


# --- Studio --------------------------------------------------------------------------------------


def test_a_conversation_goes_on_in_studio_and_the_address_does_not_tell_it(page, site, mine, keys):
    request = kept_call(site, keys, said.DOCUMENT | {"request": said.ASKED | {"model": pages.MODEL, "temperature": 0.3}})
    page.goto(f"/activity/{request}")
    choose(section(page), mine)
    expect(shown(page)).to_contain_text("Paris.")
    page.get_by_role("link", name="Open in Studio").click()
    expect(page).to_have_url(re.compile(rf"/studio\?model={pages.MODEL}&project=proj_\w+$"))
    conversation = page.get_by_role("log", name="Conversation")
    expect(conversation).to_contain_text("Capital of France?")
    expect(conversation).to_contain_text("Paris.")
    expect(page.get_by_label("System prompt (optional)")).to_have_value("Be brief.")
    expect(page.get_by_label("Temperature")).to_have_value("0.3")
    expect(page.get_by_label("Longest answer")).to_have_value("")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    page.get_by_label("Prompt", exact=True).fill("And of Italy?")
    page.wait_for_timeout(1500)  # longer than the page waits before it asks for a price
    assert not any("Capital of France?" in body or "Be brief." in body for body in sent)
    with page.expect_request(re.compile("/v1/chat/completions")) as asked:
        page.get_by_label("Prompt", exact=True).press("Enter")
    assert [each["role"] for each in asked.value.post_data_json["messages"]] == ["system", "user", "assistant", "user"]
    expect(page.locator("article.turn.assistant").last).not_to_have_attribute("aria-busy", "true", timeout=60_000)
    page.goto("/studio")
    expect(page.get_by_role("log", name="Conversation")).not_to_contain_text("Capital of France?")
    expect(page.get_by_label("System prompt (optional)")).to_have_value("")
    stored = page.evaluate("JSON.stringify([{ ...sessionStorage }, { ...localStorage }])")
    assert "Be brief." not in stored
    assert "And of Italy?" not in stored


def test_a_plain_body_in_a_project_that_seals_is_marked(page, site, mine):
    bodies.logging(site, "sealed", Alice=json.loads(mine.read_text()))
    request = sealed_call(site)
    bodies.keep(site, request, json.dumps(said.DOCUMENT))
    page.goto(f"/activity/{request}")
    expect(section(page)).to_contain_text("Not sealed, though Default seals what is said now")
    bodies.logging(site, "plain", Alice=json.loads(mine.read_text()))
    page.reload()
    expect(section(page)).to_contain_text("Stored plain, not sealed: nothing vouches for it but this site.")


# --- older bodies for a new recipient ------------------------------------------------------------


def test_a_new_recipient_is_given_the_older_bodies(page, site, axe, mine, tmp_path):
    """One that cannot be opened is counted with its reason."""
    alice, new = json.loads(mine.read_text()), said.private_jwk()
    bodies.logging(site, "sealed", Alice=alice)
    request = sealed_call(site, "Before there was another key")
    kept_call(site, {"Stranger": said.private_jwk()})
    project = bodies.logging(site, "sealed", Alice=alice, New_key=new)
    _, before = bodies.stored(site, request)
    go = share(page, site, project, new)
    expect(go).to_be_disabled()
    choose(page.locator("[data-share]"), mine)
    go.click()
    expect(page.get_by_text(re.compile(r"^Done. Added to \d+ bod"))).to_be_visible()
    expect(page.locator("[data-share-whys]")).to_contain_text("This body is not sealed to your key.")
    assert seen_in_both_themes(page, axe) == []
    kids, after = bodies.stored(site, request)
    assert after == before | {"recipients": [*before["recipients"], after["recipients"][-1]]}
    assert kids[-1] == after["recipients"][-1]["header"]["kid"] == new["kid"]
    theirs = bodies.key_file(tmp_path, new, "new.json")
    page.goto(f"/activity/{request}")
    choose(section(page), theirs)
    expect(shown(page)).to_contain_text("Before there was another key")
    export = pages.get(page, f"/activity/bodies.jsonl?q={request}").text()
    done = tool.run(tmp_path, "decrypt", "--key", theirs.name, "--expect-kid", new["kid"], given=export)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Before there was another key" in done.stdout


def test_giving_older_bodies_can_be_stopped_and_gone_on_with(page, site, mine):
    alice, new = json.loads(mine.read_text()), said.private_jwk()
    bodies.logging(site, "sealed", Alice=alice)
    request = sealed_call(site)
    bodies.multiply(site, request, 30)
    project = bodies.logging(site, "sealed", Alice=alice, New_key=new)
    go = share(page, site, project, new)
    choose(page.locator("[data-share]"), mine)
    held: list[Any] = []
    page.route(LATER_PAGES, lambda route: held.append(route))
    go.click()
    expect(page.locator("[data-share-count]")).to_have_text(re.compile(r"^20 of \d+"))
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile(r"^Stopped. Added to \d+ bod"))).to_be_visible()
    page.unroute(LATER_PAGES)
    go.click()
    expect(page.get_by_text(re.compile(r"^Done. Added to \d+ bod"))).to_be_visible()


def share(page: Page, site, project: str, new: dict[str, str]) -> Locator:
    """The page, past being asked once more who is there; its button. In a log-in of its own: it remembers that it was asked."""
    page.context.clear_cookies()
    pages.log_in(page, site.email, site.password)
    page.goto(f"/projects/{project}/encryption/share?kid={new['kid']}")
    page.get_by_label("Password").fill(site.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Older bodies for New key")).to_be_visible()
    return page.locator("[data-share-go]")
