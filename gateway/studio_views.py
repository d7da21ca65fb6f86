"""The price of a call before Studio sends it, for whoever may see the project. It counts towards no rate."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import access
from accounts.access import MemberRequest, member_page
from billing import allowance, budgets
from billing.models import Wallet
from clod_site.lib import clock, ids, money
from clod_site.lib.refusal import Refusal
from gateway import quoting, runtime
from projects import grants
from projects.models import Project

WITHIN_S = 3.0


@require_POST
@never_cache
@member_page
def quote(request: MemberRequest) -> JsonResponse:
    """The body is that of the call; the answer is its price or the refusal it would meet, and what there is to pay it with. Without a
    body only that.
    """
    project_id = ids.parse_public("proj", request.GET.get("project", ""))
    projects = Project.objects.filter(archived_at=None).select_related("organization")
    project = access.find(projects, request.membership, id=project_id or UUID(int=0))
    now = clock.now()
    means = _means(project, now)
    if not request.body:
        return JsonResponse({"means": means})
    grant = grants.of_project(project, request.user.pk, now)
    planning = asyncio.run_coroutine_threadsafe(quoting.plan(grant, request.body), runtime.loop())
    try:
        return JsonResponse({"quote": quoting.told(planning.result(WITHIN_S)), "means": means})
    except TimeoutError:
        planning.cancel()
        return JsonResponse({"means": means})  # no quote: the page shows none, and asks again with the next key
    except Refusal as refusal:
        return JsonResponse({**refusal.body(), "means": means})  # 200: that is what was asked


def _means(project: Project, now: datetime) -> dict[str, Any]:
    """Free requests, the wallet, and what the project's caps leave; None where there is no cap. Dollars are exact text."""
    free, budget = allowance.of(project.organization, now), budgets.of(project, now)
    wallet = Wallet.objects.get(organization=project.organization)
    return {
        "free_left": free.left,
        "wallet_usd": money.as_text(wallet.balance_nanousd - wallet.held_nanousd),
        "day_left_usd": _text(budget.day.left_nanousd),
        "month_left_usd": _text(budget.month.left_nanousd),
    }


def _text(nanousd: int | None) -> str | None:
    return None if nanousd is None else money.as_text(nanousd)
