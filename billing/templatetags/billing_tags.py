"""An organization's money at a glance: ring of free requests, wallet chip, budget bars. Each takes one query."""

from collections.abc import Iterable
from typing import Any

from django import template

from accounts.models import Organization
from billing import alerts, allowance, budgets
from billing.models import Wallet
from clod_site.lib import clock, money
from projects.models import ApiKey, Project

register = template.Library()
_LOW = 0.2
ALERTS_SHOWN = 2


@register.inclusion_tag("billing/_free_ring.html")
def free_ring(organization: Organization | None) -> dict[str, Any]:
    """Free requests left today, with the instant new ones come."""
    if organization is None:
        return {}
    today = allowance.of(organization, clock.now())
    tone = "bad" if not today.left else "warn" if today.left <= today.limit * _LOW else ""
    return {"allowance": today, "tone": tone, "zone": organization.zone_now}


@register.inclusion_tag("billing/_wallet_chip.html")
def wallet_chip(organization: Organization | None) -> dict[str, Any]:
    """What the wallet can still spend: the balance less what running calls hold."""
    wallet = Wallet.objects.filter(organization=organization).first() if organization else None
    return {"wallet": wallet, "available_nanousd": wallet.balance_nanousd - wallet.held_nanousd if wallet else 0}


@register.simple_tag
def with_budgets(projects: Iterable[Project]) -> list[tuple[Project, budgets.Budget]]:
    """Each project and its budget, in one query: ``{% with_budgets projects as rows %}``, then ``budget_bars project budget``."""
    listed = list(projects)
    found = budgets.of_all(listed, clock.now())
    return [(project, found[project.pk]) for project in listed]


@register.inclusion_tag("billing/_budget_bars.html")
def budget_bars(subject: budgets.Subject, budget: budgets.Budget | None = None) -> dict[str, Any]:
    """Spend of this day and month against the caps of a project or key; without a cap the spend alone."""
    budget = budget or budgets.of(subject, clock.now())
    return {"bars": [_bar("Today", budget.day), _bar("This month", budget.month)], "zone": budgets.organization_of(subject).zone_now}


@register.inclusion_tag("billing/_key_spend.html")
def key_spend(api_key: ApiKey, budget: budgets.Budget) -> dict[str, Any]:
    """The same in the cell of a table: a line for each period."""
    return budget_bars(api_key, budget)


@register.simple_tag
def with_key_budgets(rows: Iterable[Any]) -> list[tuple[Any, budgets.Budget]]:
    """Each row of a table of keys and the budget of its ``api_key``, in one query."""
    listed = list(rows)
    found = budgets.of_all([row.api_key for row in listed], clock.now())
    return [(row, found[row.api_key.pk]) for row in listed]


@register.inclusion_tag("billing/_alerts.html", takes_context=True)
def budget_alerts(context: dict[str, Any]) -> dict[str, Any]:
    """Caps that are nearly or wholly spent, until the reader puts the notice away. One query, of members only."""
    request, membership = context.get("request"), context.get("membership")
    if not request or not membership:
        return {}
    found = alerts.to_show(membership.organization, request.user, clock.now())
    rows = [{"alert": alert, "project": alerts.project_of(alert.period), "is_month": alerts.is_month(alert.period)} for alert in found]
    return {"rows": rows[:ALERTS_SHOWN], "more": len(rows[ALERTS_SHOWN:]), "zone": membership.organization.zone_now, "request": request}


@register.filter
def usd_plain(nanousd: int) -> str:
    """An amount as a form field holds it: 25.00."""
    return f"{money.as_decimal(nanousd):.2f}"


def _bar(name: str, period: budgets.Period) -> dict[str, Any]:
    used = period.spent_nanousd + period.held_nanousd
    cap = period.cap_nanousd
    return {
        "name": name,
        "used": used,
        "cap": cap,
        "text": _spent(period),
        "left_text": money.format_usd(period.left_nanousd or 0),
        "is_reached": cap is not None and used >= cap,
        "resets_at": period.resets_at,
    }


def _spent(period: budgets.Period) -> str:
    """What running calls hold counts towards the cap, and comes back in part: it is not called spent."""
    cap, held = period.cap_nanousd, period.held_nanousd
    spent, *rest = money.tell_apart(period.spent_nanousd, *([] if cap is None else [cap]))
    used = f"{spent} spent and {money.format_usd(held)} held" if held else spent
    if cap is None:
        return used
    return f"{used} of {rest[0]}" + (f" ({money.share(period.spent_nanousd + held, cap)})" if cap else "")
