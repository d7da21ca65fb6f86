"""What a key may do, what it has used, and when its limits begin anew: ``GET /v1/key``."""

from datetime import datetime
from typing import Any

from accounts.models import Organization
from activity.queries import instant
from billing import allowance, budgets
from billing.budgets import Budget, Period
from billing.models import Wallet
from clod_site.lib import clock, ids, money
from projects.grants import Grant
from projects.limits import Level, Standing
from projects.models import ApiKey, Project


def of(grant: Grant, standing: Standing) -> dict[str, Any]:
    """Six queries. Money as exact text, in dollars; instants in UTC. A call from Studio has a project, and no key."""
    now = clock.now()
    project = Project.objects.select_related("organization").get(pk=grant.project_id)
    api_key = ApiKey.objects.select_related("project__organization").get(pk=grant.api_key_id) if grant.api_key_id else None
    return {
        "object": "key",
        "key": _key(api_key, now) if api_key else None,
        "project": {"id": ids.public("proj", project.pk), "name": project.name} | _budget(budgets.of(project, now)),
        "models": sorted(grant.models) if grant.models is not None else None,
        "expires_at": instant(grant.valid_until) if grant.valid_until else None,
        "rate_limits": {"requests": _rate(standing.requests), "tokens": _rate(standing.tokens)},
        "free_requests": _free(project.organization, now),
        "wallet": {"available_usd": money.as_text(_available(project.organization))},
    }


def _key(api_key: ApiKey, now: datetime) -> dict[str, Any]:
    return {
        "prefix": api_key.prefix,
        "name": api_key.name,
        "created_at": instant(api_key.created_at),
        "networks": api_key.allowed_networks,
    } | _budget(budgets.of(api_key, now))


def _budget(budget: Budget) -> dict[str, Any]:
    return {"day": _period(budget.day), "month": _period(budget.month)}


def _period(period: Period) -> dict[str, Any]:
    return {
        "spent_usd": money.as_text(period.spent_nanousd),
        "held_usd": money.as_text(period.held_nanousd),
        "cap_usd": None if period.cap_nanousd is None else money.as_text(period.cap_nanousd),
        "left_usd": None if period.left_nanousd is None else money.as_text(period.left_nanousd),
        "resets_at": instant(period.resets_at),
    }


def _rate(level: Level | None) -> dict[str, Any] | None:
    """Of the key or its organization, whichever has less left; None where nothing limits."""
    if level is None:
        return None
    return {"limit_per_minute": level.limit, "remaining": level.remaining, "resets_in_s": round(level.resets_in_s, 3)}


def _free(organization: Organization, now: datetime) -> dict[str, Any]:
    today = allowance.of(organization, now)
    resets_at = instant(today.resets_at) if today.resets_at else None
    return {"limit": today.limit, "used": today.used, "left": today.left, "resets_at": resets_at}


def _available(organization: Organization) -> int:
    wallet = Wallet.objects.get(organization=organization)
    return wallet.balance_nanousd - wallet.held_nanousd
