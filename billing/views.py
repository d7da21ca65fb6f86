"""The Billing page: balance, what is held, free requests left, the statement."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.access import MemberRequest, member_page
from billing import allowance, statement, testmoney
from billing.models import Wallet
from clod_site.lib import clock, ids
from clod_site.lib.money import format_usd
from clod_site.lib.refusal import Refusal


@require_safe
@member_page
def overview(request: MemberRequest) -> HttpResponse:
    membership = request.membership
    wallet = Wallet.objects.get(organization_id=membership.organization_id)
    with_free = request.GET.get("free") == "1"
    context = {
        "wallet": wallet,
        "available_nanousd": wallet.balance_nanousd - wallet.held_nanousd,
        "allowance": allowance.of(membership.organization, clock.now()),
        "page": statement.page(wallet, cursor=request.GET.get("cursor", ""), with_free_calls=with_free),
        "cursor": request.GET.get("cursor", ""),
        "with_free": with_free,
        "may_add_test_money": testmoney.may_add(membership),
        "amounts": testmoney.AMOUNTS,
        "form_id": ids.uuid7(),
    }
    return render(request, "billing/overview.html", context)


@require_POST
@member_page
def add_test_money(request: MemberRequest) -> HttpResponse:
    membership = request.membership
    try:
        added = testmoney.add(membership, request.POST.get("amount", ""), UUID(request.POST.get("form_id", "")))
        messages.success(request, f"{format_usd(added)} of test money is in the wallet.")
    except ValueError:
        messages.error(request, "This form is not complete. Try again from this page.")
    except testmoney.NoTestMoney as refusal:
        raise PermissionDenied(refusal.message) from refusal
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return redirect("billing")
