"""Every page of the site under a name of its own: one list for whoever looks at all of them.

Addresses of members' pages may hold {project}, {key}, {request}, {top_up}, {member}, {webhook} and {delivery}: something of the reader's,
as ``own`` finds it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import APIResponse, Page, Route, expect

from accounts import handbook
from tests.site import Site

MODEL = "smollm2-135m-instruct"

VISITORS = {
    "landing": "/",
    "models": "/models",
    "models-filtered": "/models?label=hosted&reads=image&context=128000",
    "models-none": "/models?reads=audio&q=none",
    "model-hosted": f"/models/{MODEL}",
    "model-week": f"/models/{MODEL}?hours=168",
    "model-electricity": f"/models/{MODEL}?show=electricity",
    "model-third-party": "/models/gpt-4o",
    "model-not-here": "/models/llama-3-3-70b-instruct",
    "model-prices": f"/models/{MODEL}/prices?show=electricity&hours=168",
    "compare": f"/models/compare?m={MODEL}&m=phi-4&m=gpt-4o&m=deepseek-v3",
    "compare-empty": "/models/compare",
    **{f"docs-{page.slug}": page.address for page in handbook.PAGES},
    "log-in": "/accounts/login/",
    "log-in-code": "/accounts/login/code/",
    "sign-up": "/accounts/signup/",
    "password-reset": "/accounts/password/reset/",
    "styleguide": "/styleguide",
    "status": "/status",
}

MEMBERS = {
    "first-steps": "/welcome",
    "projects": "/projects",
    "project-new": "/projects/new",
    "project": "/projects/{project}",
    "project-keys": "/projects/{project}/keys",
    "project-models": "/projects/{project}/models",
    "project-budgets": "/projects/{project}/budgets",
    "project-encryption": "/projects/{project}/encryption",
    "project-encryption-switch": "/projects/{project}/encryption/switch?body_logging=plain&body_days=30",
    "project-members": "/projects/{project}/members",
    "project-settings": "/projects/{project}/settings",
    "keys": "/keys",
    "key-new": "/keys/new",
    "key": "/keys/{key}",
    "key-restrictions": "/keys/{key}/restrictions",
    "key-rotate": "/keys/{key}/rotate",
    "key-revoke": "/keys/{key}/revoke",
    "studio": "/studio",
    "studio-presets": "/studio/presets",
    "activity": "/activity",
    "activity-filtered": "/activity?range=30d&model=smollm2-135m-instruct&metric=tokens&by=key",
    "activity-none": "/activity?q=nothing-like-this",
    "request": "/activity/{request}",
    "views": "/activity/views",
    "view-new": "/activity/views/new?status=errors&range=7d&metric=cost&by=model",
    "billing": "/billing",
    "top-ups": "/billing/top-ups",
    "top-up": "/billing/top-ups/{top_up}",
    "receipt": "/billing/top-ups/{top_up}/receipt",
    "team": "/team",
    "team-invite": "/team/invitations/new",
    "team-leave": "/team/leave",
    "member": "/team/members/{member}",
    "member-remove": "/team/members/{member}/remove",
    "member-transfer": "/team/members/{member}/transfer",
    "audit-log": "/team/audit",
    "settings": "/settings",
    "webhooks": "/settings/webhooks",
    "webhook-new": "/settings/webhooks/new",
    "webhook": "/settings/webhooks/{webhook}",
    "webhook-edit": "/settings/webhooks/{webhook}/edit",
    "webhook-rotate": "/settings/webhooks/{webhook}/rotate",
    "webhook-delete": "/settings/webhooks/{webhook}/delete",
    "webhook-delivery": "/settings/webhooks/{webhook}/deliveries/{delivery}",
    "security": "/settings/security",
    "e-mail": "/accounts/email/",
    "password": "/accounts/password/change/",
    "log-out": "/accounts/logout/",
    "not-found": "/nowhere",
}

OWN = {
    "project": ("/projects", "a[href^='/projects/proj_']"),
    "key": ("/keys", "a[href^='/keys/key_']"),
    "request": ("/activity?range=all", "a[href^='/activity/req_']"),
    "top_up": ("/billing/top-ups", "a[href^='/billing/top-ups/top_']"),
    "member": ("/team", "a[href^='/team/members/mem_']"),
    "webhook": ("/settings/webhooks", "a[href^='/settings/webhooks/wh_']"),
    "delivery": ("/settings/webhooks/{webhook}", "a[href*='/deliveries/dlv_']"),
}
MARKS_SCRIPTS = "addEventListener('DOMContentLoaded', () => document.documentElement.setAttribute('data-scripts-ran', ''))"
WITHOUT_SCRIPTS = "html:not([data-scripts-ran])"
MISSING = {"not-found": 404}  # status where it is not 200
_log_ins: dict[Site, Sequence[Any]] = {}  # the cookies


def own(page: Page) -> dict[str, str]:
    """What the reader has at least one of, by the word that addresses hold."""
    found = {}
    for word, (address, link) in OWN.items():
        if not _is_known(address, found):
            continue
        page.goto(address.format(**found))
        first = page.locator(link).first
        if first.count():
            found[word] = (first.get_attribute("href") or "").split("?")[0].rsplit("/", 1)[1]
    return found


def of_members(page: Page) -> dict[str, str]:
    """Their pages with the addresses filled in, without those of things the reader has none of."""
    words = own(page)
    return {name: address.format(**words) for name, address in MEMBERS.items() if _is_known(address, words)}


def enter(page: Page, site: Site) -> None:
    """As the demo account: in the log-in of a test before, if it still holds. Another one takes seconds, and other tests tell of it."""
    if site in _log_ins:
        page.context.add_cookies(_log_ins[site])
        if get(page, "/settings", max_redirects=0).ok:
            return
        page.context.clear_cookies()
    log_in(page, site.email, site.password)
    _log_ins[site] = page.context.cookies()


def get(page: Page, address: str, **options: Any) -> APIResponse:
    """Beside the page, with its cookies. Once more where the server has just ended a connection that was idle, as browsers do."""
    return page.request.get(address, max_retries=1, **options)


def log_in(page: Page, email: str, password: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page).not_to_have_url("**/accounts/login/**")


def act_when_scripts_listen(page: Page) -> None:
    """A click that leads to another page returns before that page's scripts have come. Whatever is done or expected next waits for them:
    who presses a key too early presses it again, a test does not. What must not be lost before is told by tests with ``before_script``.
    """
    page.add_init_script(MARKS_SCRIPTS)
    page.add_locator_handler(page.locator(WITHOUT_SCRIPTS), lambda: page.wait_for_load_state("domcontentloaded"))


@contextmanager
def before_script(page: Page, name: str) -> Iterator[None]:
    """What is opened meanwhile, with ``wait_until="commit"``, has to do without that script, as on a slow network; then it comes."""
    address = f"**/js/{name}.*"
    held: list[Route] = []
    page.remove_locator_handler(page.locator(WITHOUT_SCRIPTS))
    page.route(address, lambda route: held.append(route))  # playwright marks the function
    with page.expect_request(address):
        yield
    page.route(address, lambda route: route.continue_())
    for route in held:
        route.continue_()
    act_when_scripts_listen(page)


def _is_known(address: str, words: dict[str, str]) -> bool:
    return all(f"{{{word}}}" not in address or word in words for word in OWN)
