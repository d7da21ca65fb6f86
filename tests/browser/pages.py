"""Every page of the site under a name of its own: one list for whoever looks at all of them.

Addresses of members' pages may hold {project}, {key}, {request}, {top_up} and {member}: something of the reader's, as ``own`` finds it.
"""

from playwright.sync_api import Page, expect

from accounts import handbook

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
}
MISSING = {"not-found": 404}  # status where it is not 200


def own(page: Page) -> dict[str, str]:
    """What the reader has at least one of, by the word that addresses hold."""
    found = {}
    for word, (address, link) in OWN.items():
        page.goto(address)
        first = page.locator(link).first
        if first.count():
            found[word] = (first.get_attribute("href") or "").split("?")[0].rsplit("/", 1)[1]
    return found


def of_members(page: Page) -> dict[str, str]:
    """Their pages with the addresses filled in, without those of things the reader has none of."""
    words = own(page)
    return {name: address.format(**words) for name, address in MEMBERS.items() if _is_known(address, words)}


def log_in(page: Page, email: str, password: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page).not_to_have_url("**/accounts/login/**")


def _is_known(address: str, words: dict[str, str]) -> bool:
    return all(f"{{{word}}}" not in address or word in words for word in OWN)
