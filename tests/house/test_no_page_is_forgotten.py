"""Whoever adds a page adds it to the list from which all pages are looked at."""

import re
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver, resolve

from tests.browser import pages

OTHERS = {  # no pages of their own: forms' targets, files, parts, and what needs a state of its own, tested elsewhere
    *(
        "compared_prices",
        "model_csv",
        "model_prices",
        "favicon",
        "status_json",
        "clod_logs",
        "facts",
        "choose_theme",
        "choose_organization",
        "start_organization",
        "change_organization",
    ),
    *(
        "keep_time_zone",
        "bring_free_requests",
        "change_profile",
        "project_archive",
        "project_restore",
        "key_rename",
        "key_disable",
        "key_enable",
        "key_arrival",
        "dismiss_alert",
        "billing_statement_csv",
    ),
    *(
        "order_top_up",
        "automatic_top_up",
        "top_up_cancelled",
        "stripe_webhook",
        "activity_chart",
        "activity_csv",
        "activity_jsonl",
        "activity_bodies",
        "activity_body",
        "bodies_share_bodies",
        "bodies_share_entries",
        "saved_view",
        "saved_view_edit",
        "saved_view_update",
        "saved_view_delete",
        "saved_view_restore",
        "studio_token",
        "studio_code",
        "studio_answer",
        "studio_quote",
        "studio_preset_create",
        "studio_preset_save",
        "studio_preset_change",
        "studio_preset_delete",
        "studio_preset_restore",
    ),
    *("webhook_disable", "webhook_enable", "webhook_test", "webhook_all_again", "delivery_again"),
    *("team_invite_again", "team_withdraw", "invitation", "audit_csv", "change_mails"),
    *(
        "account_inactive",
        "account_reauthenticate",
        "account_email_verification_sent",
        "account_set_password",
        "account_confirm_login_code",
    ),
    # with a recipient, and after proving who one is: tests/browser/test_seal_bodies.py
    *("recipient_new", "recipient_prove", "recipient_revoke", "recipient_remove"),
    *("end_device", "end_other_devices", "export_file", "mfa_login_webauthn", "mfa_download_recovery_codes"),
    "bodies_share",  # only after proving who one is: tests/browser/test_read_sealed_bodies.py
    # only after proving who one is, or on the way in: tests/browser/test_get_in.py
    *("reauthenticate_by_code", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_authenticate", "export", "delete_account"),
    *("mfa_activate_totp", "mfa_deactivate_totp", "mfa_generate_recovery_codes", "mfa_view_recovery_codes", "accounts/password/set/"),
    *("mfa_add_webauthn", "mfa_edit_webauthn", "mfa_remove_webauthn"),
    *("mfa_index", "mfa_list_webauthn", "accounts/2fa/", "accounts/2fa/webauthn/"),  # lead to Account and security
    *("account_confirm_email", "account_reset_password_from_key_done", "account_reset_password_from_key", "account_reset_password_done"),
}
SOME = "0355G9o7EspDsoh783tIpp"
FILLED = {"project": f"proj_{SOME}", "key": f"key_{SOME}", "member": f"mem_{SOME}", "request": "req_1", "top_up": "top_1"}
FILLED |= {"webhook": f"wh_{SOME}", "delivery": f"dlv_{SOME}"}


def test_every_page_has_a_name_in_the_list() -> None:
    looked_at = {_name_at(address) for address in (pages.VISITORS | pages.MEMBERS).values() if address != "/nowhere"}
    missing = sorted(set(_names(get_resolver())) - looked_at - OTHERS)
    assert not missing, f"Add these to tests/browser/pages.py, or say here that they are no pages: {missing}"


def _names(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if re.match(r"(api|admin)(/|$)", route):
            continue
        if isinstance(pattern, URLResolver):
            yield from _names(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield pattern.name or route


def _name_at(address: str) -> str:
    return resolve(address.format(**FILLED).split("?")[0]).url_name or address
