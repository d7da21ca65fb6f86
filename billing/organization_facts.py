"""What an organization's admin page says of its money: balance, running holds, free requests."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Min, Q, Sum
from django.urls import reverse
from django.utils.html import format_html

from accounts.models import Organization
from billing import allowance
from billing.models import Hold, HoldState, Wallet
from clod_site.admin_pages import read_once
from clod_site.lib import clock
from clod_site.lib.money import format_usd


@admin.display(description="wallet")
@read_once
def money(organization: Organization) -> str:
    wallet = Wallet.objects.filter(organization=organization).first()
    if wallet is None:
        return "none"
    entries = f"{reverse('admin:billing_ledgerentry_changelist')}?wallet__id__exact={wallet.pk}"
    return format_html(
        '{} balance, {} held, {} free to spend{} · <a class="text-primary-600 dark:text-primary-500" href="{}">entries</a>',
        format_usd(wallet.balance_nanousd),
        format_usd(wallet.held_nanousd),
        format_usd(wallet.balance_nanousd - wallet.held_nanousd),
        "; frozen: its sums differ" if wallet.frozen_at else "",
        entries,
    )


@admin.display(description="running calls")
@read_once
def holds(organization: Organization) -> str:
    """Of its open holds; the index of those is small."""
    rows, calls = Hold.objects.filter(wallet__organization=organization, state=HoldState.OPEN), Q(is_lease=False)
    found = rows.aggregate(
        count=Count("pk", filter=calls),
        amount=Sum("amount_nanousd", filter=calls),
        oldest=Min("created_at", filter=calls),
        ahead=Sum("amount_nanousd", filter=~calls),
    )
    ahead = f"; {format_usd(found['ahead'])} set aside for calls to come" if found["ahead"] else ""
    return format_html("{}{}", _running(organization, found), ahead)


def _running(organization: Organization, found: dict[str, Any]) -> str:
    if not found["count"]:
        return "none"
    age_s = round((clock.now() - found["oldest"]).total_seconds())
    address = f"{reverse('admin:billing_hold_changelist')}?wallet__id__exact={organization.wallet.pk}&state__exact=open&is_lease__exact=0"
    return format_html(
        '{} hold {}, the oldest for {} s · <a class="text-primary-600 dark:text-primary-500" href="{}">holds</a>',
        found["count"],
        format_usd(found["amount"]),
        f"{age_s:,}",
        address,
    )


@admin.display(description="free requests today")
@read_once
def free_requests(organization: Organization) -> str:
    today = allowance.of(organization, clock.now())
    if today.limit == 0:
        return f"none before {today.resets_at:%d %b %H:%M} UTC" if today.resets_at else "none: nobody brings theirs to this organization"
    return f"{today.used} of {today.limit} used, the next ones come {today.resets_at:%d %b %H:%M} UTC"
